package form

import (
	"net/url"
	"slices"
	"strings"

	"github.com/candor-go/candor/internal/bind"
	"github.com/candor-go/candor/internal/fault"
)

// Sent holds what a body contains for each field, and for other names. It may fill in several inputs.
type Sent struct {
	// pairs counts pairs or parts, and fileCount those parts that are files.
	pairs, fileCount int
	limits           Limits
	// memoryLeft is what remains of the limit for all texts of a multipart form, in bytes.
	memoryLeft int64
	texts      [][]string
	files      [][]File
	// branches hold what was sent for values made of several names.
	branches []*bind.Branch
	// isShared means that several inputs are filled in from it, so that each needs its own files.
	isShared bool
	// wrong is set for a field whose value is invalid.
	wrong   []*fault.Fault
	unknown []string
}

func (p *Plan) newSent(limits Limits) *Sent {
	n := len(p.fields)
	return &Sent{limits: limits, texts: make([][]string, n), files: make([][]File, n), branches: make([]*bind.Branch, n), wrong: make([]*fault.Fault, n)}
}

// Share makes inputs that are filled in from now on independent of each other: each gets its own files.
func (s *Sent) Share() { s.isShared = true }

// readPairs sorts pairs by field. A name with malformed percent-encoding is unknown, as in a query, and is reported as
// it was sent.
func (p *Plan) readPairs(data string) *Sent {
	sent := p.newSent(Limits{Parts: bind.MaxPairs})
	for pair := range strings.SplitSeq(data, "&") {
		if pair == "" {
			continue
		}
		// The message needs the count; the extra pairs take no more memory.
		if sent.pairs++; sent.isFull() {
			continue
		}
		name, text, _ := strings.Cut(pair, "=")
		if plain, err := url.QueryUnescape(name); err == nil {
			p.sort(plain, text, sent)
		} else {
			sent.addUnknown(name)
		}
	}
	return sent
}

func (p *Plan) sort(name, text string, sent *Sent) {
	i := p.indexOf(name)
	plain, err := url.QueryUnescape(text)
	var wrong *fault.Fault
	if err != nil {
		wrong = invalid("malformed percent-encoding")
	}
	switch {
	case i < 0:
		if !p.takeNested(name, plain, wrong, sent) {
			sent.addUnknown(name)
		}
	case wrong != nil:
		sent.wrong[i] = wrong
	case plain != "" || p.fields[i].takesEmpty:
		sent.keepText(i, &p.fields[i], plain)
	}
}

// indexOf finds a field by its name, -1 if there is none.
func (p *Plan) indexOf(name string) int {
	return slices.IndexFunc(p.fields, func(f field) bool { return f.name == name && f.nested == nil })
}

// takeNested adds a text, or what is wrong with it, to a value made of several names, if the name belongs to one.
func (p *Plan) takeNested(name, text string, wrong *fault.Fault, sent *Sent) bool {
	for i := range p.fields {
		if p.fields[i].nested != nil && p.fields[i].nested.Take(&sent.branches[i], name, text, wrong) {
			return true
		}
	}
	return false
}

// invalid is the validation error of a value for which no other type of error fits.
func invalid(reason string) *fault.Fault { return fault.With(fault.ValueError, "error", reason) }

func (s *Sent) isAbsent(i int) bool { return s.texts[i] == nil && s.wrong[i] == nil }

// has reports whether a value of a field was sent.
func (s *Sent) has(i int) bool {
	return len(s.texts[i]) > 0 || len(s.files[i]) > 0 || s.wrong[i] != nil || s.branches[i].IsThere()
}

// filesOf returns the files of a field, for one input to keep.
func (s *Sent) filesOf(i int) []File {
	if !s.isShared {
		return s.files[i]
	}
	files := slices.Clone(s.files[i])
	for i := range files {
		files[i] = files[i].clone()
	}
	return files
}

// addUnknown records a name that no field has, once.
func (s *Sent) addUnknown(name string) {
	// The name becomes a location in the response, which is JSON and so must be UTF-8.
	name = strings.ToValidUTF8(name, "\uFFFD")
	if !slices.Contains(s.unknown, name) {
		s.unknown = append(s.unknown, name)
	}
}

// isFull reports whether the limit is exceeded. Anything more is only counted.
func (s *Sent) isFull() bool {
	return s.pairs > s.limits.Parts || s.fileCount > s.limits.Files
}

// tooMany is the validation error of a form that exceeds the limit.
func (s *Sent) tooMany() *fault.Fault {
	switch {
	case s.pairs <= s.limits.Parts:
		return fault.TooManyItems(s.limits.Files, s.fileCount, "file")
	case s.limits.Files > 0:
		return fault.TooManyItems(s.limits.Parts, s.pairs, "part")
	}
	return fault.TooManyItems(s.limits.Parts, s.pairs, "item")
}

// keepText adds a value of a field.
func (s *Sent) keepText(i int, field *field, text string) {
	s.texts[i] = append(s.texts[i], text)
	s.clearWrong(i, field)
}

// clearWrong forgets what was wrong with earlier values of a field of which only the last counts.
func (s *Sent) clearWrong(i int, field *field) {
	if !field.isList {
		s.wrong[i] = nil
	}
}
