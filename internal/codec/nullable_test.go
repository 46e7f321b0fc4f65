package codec_test

import (
	"database/sql"
	"reflect"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/candor-go/candor/internal/codec"
	"github.com/candor-go/candor/internal/fault"
	"github.com/candor-go/candor/internal/typeinfo"
)

func TestNullable(t *testing.T) {
	type row struct {
		Text  sql.NullString  `json:"text" validate:"min=2" default:"ab"`
		Time  sql.NullTime    `json:"time,omitzero"`
		Count sql.NullInt16   `json:"count,omitzero,string"` //nolint:staticcheck // Candor's nullable integers take the option
		List  sql.Null[[]int] `json:"list,omitzero" validate:"max=1"`
		Many  []sql.NullBool  `json:"many,omitempty"`
		Max   sql.NullInt64   `json:"max,omitzero" validate:"gtefield=Min"`
		Min   sql.Null[int64] `json:"min,omitzero"`
	}
	described, err := typeinfo.Of(reflect.TypeFor[row]())
	require.NoError(t, err)
	c := newCompiler()
	decoder, err := c.Decoder(described, nil)
	require.NoError(t, err)
	encoder, err := c.Encoder(described, nil)
	require.NoError(t, err)
	noon := time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)
	rows := []struct {
		text   string
		want   row
		faults []string
		again  string
	}{
		{text: `{}`, want: row{Text: sql.NullString{String: "ab", Valid: true}}, again: `{"text":"ab"}`},
		{text: `{"text":null}`, again: `{"text":null}`},
		{
			text: `{"text":"xy","time":"2026-05-01T12:00:00Z","count":"7","list":[1],"many":[true,null],"max":2,"min":1}`,
			want: row{
				Text: sql.NullString{String: "xy", Valid: true}, Time: sql.NullTime{Time: noon, Valid: true},
				Count: sql.NullInt16{Int16: 7, Valid: true}, List: sql.Null[[]int]{V: []int{1}, Valid: true},
				Many: []sql.NullBool{{Bool: true, Valid: true}, {}},
				Max:  sql.NullInt64{Int64: 2, Valid: true}, Min: sql.Null[int64]{V: 1, Valid: true},
			},
			again: `{"text":"xy","time":"2026-05-01T12:00:00Z","count":"7","list":[1],"many":[true,null],"max":2,"min":1}`,
		},
		{text: `{"text":"x","count":7,"list":[1,2]}`, faults: []string{fault.StringTooShort, fault.StringType, fault.TooLong}},
		{text: `{"max":1,"min":2}`, faults: []string{fault.ValueError}},
		{text: `{"max":1,"min":null}`, faults: []string{fault.ValueError}},
	}
	for _, r := range rows {
		var found fault.List
		var got row
		decoder.Decode([]byte(r.text), reflect.ValueOf(&got).Elem(), codec.Options{}, &found)
		var types []string
		for _, f := range found.Faults {
			types = append(types, f.Type)
		}
		require.Equal(t, r.faults, types, r.text)
		if r.faults == nil {
			assert.Equal(t, r.want, got, r.text)
			out, err := encoder.Append(nil, reflect.ValueOf(got), true, &found)
			require.NoError(t, err)
			assert.Equal(t, r.again, string(out))
		}
	}
}
