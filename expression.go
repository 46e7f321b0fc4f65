package candor

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/candor-go/candor/internal/typeinfo"
)

// runtimeExpression is a place in a request or a response, as links and
// callbacks name it (OpenAPI 3.1, section 4.8.20.4): "$request.query.url".
type runtimeExpression struct {
	text string
	// whole is set for $url, $method and $statusCode.
	whole bool
	// of is "request" or "response", in "header", "query", "path" or "body".
	of, in string
	// name is that of a header, a query key or a wildcard, pointer a JSON
	// pointer into the body.
	name, pointer string
}

var expressionSyntax = regexp.MustCompile(`^\$(?:(url|method|statusCode)|(request|response)\.(?:(header|query|path)\.([^\s{}#]+)|(body)(?:#((?:/[^\s{}]*)?))?))$`)

// parseExpression reads an expression.
func parseExpression(text string) (*runtimeExpression, error) {
	m := expressionSyntax.FindStringSubmatch(text)
	if m == nil || m[2] == "response" && (m[3] == "query" || m[3] == "path") {
		return nil, fmt.Errorf("%q is no runtime expression; write one such as $request.query.url, $request.body#/url or $response.header.Location", text)
	}
	return &runtimeExpression{text: text, whole: m[1] != "", of: m[2], in: m[3] + m[5], name: m[4], pointer: m[6]}, nil
}

// expressionsIn finds the expressions in the braces of a text.
func expressionsIn(text string) ([]*runtimeExpression, error) {
	var found []*runtimeExpression
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
		e, err := parseExpression(inside)
		if err != nil {
			return nil, err
		}
		found, text = append(found, e), after
	}
}

// names reports whether the expression is about a parameter.
func (x *runtimeExpression) names(f *typeinfo.Field) bool {
	if f.Source == typeinfo.Header {
		return x.in == "header" && strings.EqualFold(f.Name, x.name)
	}
	return x.in == f.Source.String() && x.name == f.Name
}

// checkBody follows the first step of the pointer.
func (x *runtimeExpression) checkBody(o *typeinfo.Object) error {
	if o == nil || x.pointer == "" || len(o.Cases) > 0 {
		return nil
	}
	first, _, _ := strings.Cut(x.pointer[1:], "/")
	name := strings.NewReplacer("~1", "/", "~0", "~").Replace(first)
	if o.Field(name) == nil {
		return fmt.Errorf("%s: the body has no member %q; name one that it has", x.text, name)
	}
	return nil
}
