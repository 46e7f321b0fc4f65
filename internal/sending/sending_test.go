package sending_test

import (
	"io"
	"net/http"
	"net/url"
	"reflect"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/candor-go/candor/internal/sending"
	"github.com/candor-go/candor/internal/typeinfo"
)

var target = &url.URL{Scheme: "http", Host: "example.com", Path: "/items"}

func TestDraft(t *testing.T) {
	tests := []struct {
		name            string
		set             func(d *sending.Draft)
		chosen          string
		wantType, fault string
		length          int64
		again           string
	}{
		{name: "no body", set: func(*sending.Draft) {}},
		{name: "in memory", set: func(d *sending.Draft) { d.SetBody("text/plain", []byte("abc")) }, wantType: "text/plain", length: 3, again: "abc"},
		{name: "a reader", set: func(d *sending.Draft) { d.SetReader("text/plain", strings.NewReader("abc")) }, wantType: "text/plain", length: -1},
		{name: "a range, chosen", set: func(d *sending.Draft) { d.SetBody("image/*", []byte("abc")) }, chosen: "image/png", wantType: "image/png", length: 3, again: "abc"},
		{name: "a range", set: func(d *sending.Draft) { d.SetBody("image/*", []byte("abc")) }, fault: "nothing says which media type of image/*"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var d sending.Draft
			tt.set(&d)
			r, err := d.Request(http.MethodPost, target, tt.chosen)
			if tt.fault != "" {
				assert.ErrorContains(t, err, tt.fault)
				return
			}
			require.NoError(t, err)
			assert.Equal(t, tt.wantType, r.Header.Get("Content-Type"))
			assert.Equal(t, tt.length, r.ContentLength)
			if tt.length == 0 {
				return
			}
			body, err := io.ReadAll(r.Body)
			require.NoError(t, err)
			assert.Equal(t, "abc", string(body))
			second, err := r.GetBody()
			if tt.again == "" {
				assert.ErrorContains(t, err, "cannot be sent a second time")
				return
			}
			require.NoError(t, err)
			body, err = io.ReadAll(second)
			require.NoError(t, err)
			assert.Equal(t, tt.again, string(body), "a redirect sends it again")
		})
	}
}

func TestRaw(t *testing.T) {
	type input struct {
		Text  string
		Bytes []byte
	}
	tests := []struct {
		field            string
		in               input
		wantType, faulty string
	}{
		{field: "Text", in: input{Text: "é"}, wantType: "text/plain"},
		{field: "Text", in: input{Text: "\xff"}, faulty: "not valid UTF-8"},
		{field: "Bytes", in: input{Bytes: []byte("\xff")}, wantType: "application/octet-stream"},
		{field: "Bytes", in: input{Bytes: []byte{}}, faulty: "treats an empty one as absent"},
	}
	for _, tt := range tests {
		f, _ := reflect.TypeFor[input]().FieldByName(tt.field)
		var d sending.Draft
		err := sending.Raw(&typeinfo.Field{Go: tt.field, Index: f.Index, Required: true})(reflect.ValueOf(tt.in), &d)
		if tt.faulty != "" {
			assert.ErrorContains(t, err, tt.faulty)
			continue
		}
		require.NoError(t, err)
		r, err := d.Request(http.MethodPut, target, "")
		require.NoError(t, err)
		assert.Equal(t, tt.wantType, r.Header.Get("Content-Type"))
	}
}
