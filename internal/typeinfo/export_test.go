package typeinfo

// ParseRules reads a validate tag as a field of type t has it.
func ParseRules(tag string, t *Type) (rules *Rules, required bool, err error) {
	p, err := parseRules(tag, t)
	return p.rules, p.required, err
}
