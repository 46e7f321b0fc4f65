package check

// Makers says of each rule in the tables whether it is judged by a function of
// this package.
func Makers() map[string]bool {
	made := map[string]bool{}
	for name := range tags() {
		made[name] = tags()[name].make != nil
	}
	return made
}
