package faultlog_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/candor-go/candor/internal/fault"
	"github.com/candor-go/candor/internal/faultlog"
)

func TestLog(t *testing.T) {
	var log faultlog.Log
	ctx := faultlog.In(t.Context(), &log)
	assert.Same(t, &log, faultlog.Of(ctx))
	assert.Nil(t, faultlog.Of(t.Context()))
	assert.Nil(t, faultlog.Of(faultlog.Out(ctx)))
	assert.Equal(t, t.Context(), faultlog.Out(t.Context()))

	found := []fault.Fault{{Type: fault.Missing, Loc: []any{"body", "a"}}}
	log.Note(found)
	found[0].Type, found[0].Loc[1] = fault.Enum, "b" // its memory is reused
	assert.Equal(t, []fault.Fault{{Type: fault.Missing, Loc: []any{"body", "a"}}}, log.Faults())
	log.Note(nil)
	assert.Empty(t, log.Faults())
	assert.Empty(t, (*faultlog.Log)(nil).Faults())
}
