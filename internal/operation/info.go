package operation

// Info is what a document says about the API as a whole.
type Info struct {
	Title, Version       string
	Summary, Description string
	TermsOfService       string
	Contact              Contact
	License              License
	ExternalDocs         ExternalDocs
	Tags                 []Tag
	Servers              []Server
}

// Contact says who is responsible for the API.
type Contact struct{ Name, URL, Email string }

// License is the license of the API.
type License struct{ Name, Identifier, URL string }

// ExternalDocs is a page with more information.
type ExternalDocs struct{ URL, Description string }

// Tag describes a group of operations.
type Tag struct {
	Name, Summary, Description string
	// Parent is the parent tag, Kind its category.
	Parent, Kind string
	ExternalDocs ExternalDocs
}

// Server is a URL at which the API is available.
type Server struct {
	URL, Name, Description string
	Variables              map[string]ServerVariable
}

// ServerVariable is a variable in a server's URL.
type ServerVariable struct {
	Default, Description string
	Enum                 []string
}
