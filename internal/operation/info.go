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

// License is that of the API.
type License struct{ Name, Identifier, URL string }

// ExternalDocs is a page with more about something.
type ExternalDocs struct{ URL, Description string }

// Tag describes a group of operations.
type Tag struct {
	Name, Summary, Description string
	// Parent is the tag that it is a part of, Kind what it is for.
	Parent, Kind string
	ExternalDocs ExternalDocs
}

// Server is a place where the API is reached.
type Server struct {
	URL, Name, Description string
	Variables              map[string]ServerVariable
}

// ServerVariable is a part of a server's URL that the client chooses.
type ServerVariable struct {
	Default, Description string
	Enum                 []string
}
