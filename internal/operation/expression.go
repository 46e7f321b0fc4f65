package operation

import (
	"fmt"
	"slices"
	"strings"

	"github.com/candor-go/candor/internal/lazy"
	"github.com/candor-go/candor/internal/typeinfo"
)

// Expression is a runtime expression, by which links and callbacks refer to a value in a request or response (OpenAPI 3.1,
// section 4.8.20.4): "$request.query.url".
type Expression struct {
	Text string
	// Whole is set for $url, $method and $statusCode.
	Whole bool
	// Of is "request" or "response", In "header", "query", "path" or "body".
	Of, In string
	// Name is the name of a header, a query key or a wildcard; pointer is a JSON pointer into the body.
	Name, pointer string
}

var expressionSyntax = lazy.Regexp{Text: `^\$(?:(url|method|statusCode)|(request|response)\.(?:(header|query|path)\.([^\s{}#]+)|(body)(?:#((?:/[^\s{}]*)?))?))$`}

// ParseExpression parses an expression.
func ParseExpression(text string) (*Expression, error) {
	m := expressionSyntax.Get().FindStringSubmatch(text)
	// A response has neither a query nor a path.
	if m == nil || m[2] == "response" && (m[3] == "query" || m[3] == "path") {
		return nil, fmt.Errorf("%q is not a runtime expression; write one such as $request.query.url, $request.body#/url or $response.header.Location", text)
	}
	return &Expression{Text: text, Whole: m[1] != "", Of: m[2], In: m[3] + m[5], Name: m[4], pointer: m[6]}, nil
}

// ExpressionsIn returns the expressions in braces in a text.
func ExpressionsIn(text string) ([]*Expression, error) {
	var found []*Expression
	for {
		before, rest, ok := strings.Cut(text, "{")
		if strings.Contains(before, "}") {
			return nil, fmt.Errorf("a brace closes in %q that was not opened; put expressions into {}", text)
		}
		if !ok {
			return found, nil
		}
		inside, after, ok := strings.Cut(rest, "}")
		if !ok {
			return nil, fmt.Errorf("a brace opens in %q and does not close; put expressions into {}", text)
		}
		e, err := ParseExpression(inside)
		if err != nil {
			return nil, err
		}
		found, text = append(found, e), after
	}
}

// Values are what the runtime expressions of an operation can refer to.
type Values struct {
	Parameters []*typeinfo.Field
	// Body and Response are the members of the bodies, nil if they are not known.
	Body, Response *typeinfo.Object
}

// Check verifies that what the expression refers to exists.
func (v Values) Check(x *Expression) error {
	switch {
	case x.Of == "request" && x.In == "body":
		return x.checkBody(v.Body)
	case x.Of == "request" && !x.Whole:
		if !slices.ContainsFunc(v.Parameters, x.names) {
			return fmt.Errorf("%s: the operation reads no %s %q; name one that it does", x.Text, x.In, x.Name)
		}
	// Response headers are not checked: middleware may add headers that no type declares.
	case x.In == "body":
		return x.checkBody(v.Response)
	}
	return nil
}

// names reports whether the expression refers to the parameter.
func (x *Expression) names(f *typeinfo.Field) bool {
	if f.Source == typeinfo.Header {
		return x.In == "header" && strings.EqualFold(f.Name, x.Name)
	}
	return x.In == f.Source.String() && x.Name == f.Name
}

// checkBody checks the first step of the pointer.
func (x *Expression) checkBody(o *typeinfo.Object) error {
	if o == nil || x.pointer == "" || len(o.Cases) > 0 {
		return nil
	}
	// Only the first step is checked, because later steps may lead into lists and maps.
	first, _, _ := strings.Cut(x.pointer[1:], "/")
	// A Replacer scans the text once, so ~01 becomes ~1 and not a slash (RFC 6901, section 4).
	name := strings.NewReplacer("~1", "/", "~0", "~").Replace(first)
	if o.Field(name) == nil {
		return fmt.Errorf("%s: the body has no member %q; name one that it has", x.Text, name)
	}
	return nil
}
