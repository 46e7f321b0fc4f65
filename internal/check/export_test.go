package check

// Makers reports for each rule in the tables whether this package implements it.
func Makers() map[string]bool {
	made := map[string]bool{}
	for name := range tags() {
		made[name] = tags()[name].make != nil
	}
	return made
}
