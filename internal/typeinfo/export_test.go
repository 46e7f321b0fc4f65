package typeinfo

// ParseRules parses a validate tag of a field of type t.
func ParseRules(tag string, t *Type) (rules *Rules, required bool, err error) {
	p, err := parseRules(tag, t)
	return p.rules, p.required, err
}
