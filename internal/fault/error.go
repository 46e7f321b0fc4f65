package fault

// Located is an error with validation errors. Their locations start at the value.
type Located interface {
	error
	CandorFaults() []Fault
}

// Of returns the validation errors in an error and in every error it wraps or joins; none if there are none. An error
// may be Located, or convert to one by its method As.
func Of(err error) []Fault {
	if err == nil {
		return nil
	}
	if located, ok := err.(Located); ok { //nolint:errorlint // the walk is this function's own
		return located.CandorFaults()
	}
	if e, ok := err.(interface{ As(any) bool }); ok {
		if located := Located(nil); e.As(&located) {
			return located.CandorFaults()
		}
	}
	// errors.As stops at the first error that fits; here each of those joined counts.
	var all []Fault
	switch e := err.(type) { //nolint:errorlint // the walk is this function's own
	case interface{ Unwrap() error }:
		all = Of(e.Unwrap())
	case interface{ Unwrap() []error }:
		for _, inner := range e.Unwrap() {
			all = append(all, Of(inner)...)
		}
	}
	return all
}

// NilError is the text of an error that is a nil pointer: a variable of the public type with that name was returned as an
// error.
func NilError(name string) string {
	return "a nil *candor." + name + " is no nil error; return nil, or use variables of type error"
}
