package contract

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"mime"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/candor-go/candor/internal/bind"
	"github.com/candor-go/candor/internal/mediatype"
	"github.com/candor-go/candor/internal/schema"
)

// CheckResponse fails the test if the response is not documented.
func (p *Expected) CheckResponse(r *http.Request, got *Response) {
	p.tb.Helper()
	documented, media := p.checkHead(r, got)
	if media != nil {
		p.checkBody(mediatype.Bare(got.Header.Get("Content-Type")), media, got)
	}
	// A documented response without content has no body.
	if documented != nil && len(documented.Content) == 0 && len(got.Body) > 0 {
		p.disagree(fmt.Sprintf("the body of status %d", got.Code), "no body", shown(got.Body))
	}
}

// CheckHead checks status and header of a stream. It returns the Items that check the items as they arrive, nil if they
// are not checked.
func (p *Expected) CheckHead(r *http.Request, got *Response) *Items {
	p.tb.Helper()
	if _, media := p.checkHead(r, got); media != nil {
		return itemsOf(p, got.Header.Get("Content-Type"), media)
	}
	return nil
}

// checkHead checks everything before the body. The media type is nil if there is none to check.
func (p *Expected) checkHead(r *http.Request, got *Response) (*openapi3.Response, *openapi3.MediaType) {
	p.tb.Helper()
	documented := p.response(got.Code)
	switch {
	case got.Code == mediatype.StatusClientClosed: // no client receives it
	case documented == nil && got.Code == http.StatusInternalServerError:
		// The test may read the status only after the client has returned.
		p.tb.Cleanup(func() {
			p.tb.Helper()
			if !got.Expected() {
				p.tb.Errorf("%s: status 500, which the test did not expect; ask for it by Status(500) if it should be", got.Label)
			}
		})
	case documented == nil:
		p.disagree("the status", "one of "+strings.Join(p.op.Responses.Keys(), ", ")+"; others are declared by candor.Raises or candor.Responds",
			fmt.Sprintf("%d %s", got.Code, shown(got.Body)))
	default:
		p.checkHeaders(documented, got)
		if len(documented.Content) > 0 && r.Method != http.MethodHead && mediatype.BodyAllowed(got.Code) {
			return documented, p.checkMedia(documented, got)
		}
	}
	return documented, nil
}

// checkHeaders compares the headers of a response with its documentation.
func (p *Expected) checkHeaders(documented *openapi3.Response, got *Response) {
	p.tb.Helper()
	for _, name := range slices.Sorted(maps.Keys(documented.Headers)) {
		at := fmt.Sprintf("the header %s of status %d", name, got.Code)
		header, lines := documented.Headers[name].Value, got.Header.Values(name)
		if len(lines) == 0 {
			if header.Required {
				p.disagree(at, errNotThere.Error(), "no such header")
			}
			continue
		}
		// Only its presence can be checked.
		if header.Schema == nil {
			continue
		}
		if err := schema.Check(header.Schema, headerValue(header.Schema.Value, lines)); err != nil {
			p.violates(at, fmt.Sprintf("%q", lines), err)
		}
	}
}

// headerValue converts the lines of a header as its schema says. What cannot be converted remains text, which the schema
// then rejects.
func headerValue(s *openapi3.Schema, lines []string) any {
	// The lines of Set-Cookie are the members of an object.
	if s.Type.Includes(openapi3.TypeObject) {
		cookies := map[string]any{}
		for _, line := range lines {
			if cookie, err := http.ParseSetCookie(line); err == nil {
				cookies[cookie.Name] = cookieValue(s.Properties[cookie.Name], cookie.Value)
			}
		}
		return cookies
	}
	if !s.Type.Includes(openapi3.TypeArray) {
		return scalarValue(s, strings.Join(lines, ", "))
	}
	// Several lines are one value each; a single line may hold the whole list.
	if len(lines) == 1 {
		lines = bind.SplitHeader(nil, lines[0])
	}
	values := make([]any, len(lines))
	for i, text := range lines {
		values[i] = scalarValue(s.Items.Value, strings.TrimSpace(text))
	}
	return values
}

// cookieValue converts the text of a cookie. The cookie may be undocumented.
func cookieValue(s *openapi3.SchemaRef, text string) any {
	if s == nil || s.Value == nil {
		return text
	}
	return scalarValue(s.Value, text)
}

func scalarValue(s *openapi3.Schema, text string) any {
	isNumber := s.Type.Includes(openapi3.TypeInteger) || s.Type.Includes(openapi3.TypeNumber)
	// ParseFloat also accepts numbers that are not JSON, such as 0x10 or Inf.
	if _, err := strconv.ParseFloat(text, 64); isNumber && !errors.Is(err, strconv.ErrSyntax) && json.Valid([]byte(text)) {
		return asFloat(text)
	}
	if s.Type.Includes(openapi3.TypeBoolean) && (text == "true" || text == "false") {
		return text == "true"
	}
	return text
}

// checkMedia returns the documentation of the response's media type.
func (p *Expected) checkMedia(documented *openapi3.Response, got *Response) *openapi3.MediaType {
	p.tb.Helper()
	contentType := got.Header.Get("Content-Type")
	mediaType, _, _ := mime.ParseMediaType(contentType)
	media := documented.Content.Get(mediaType)
	if media == nil {
		p.disagree(fmt.Sprintf("the media type of status %d", got.Code), strings.Join(slices.Sorted(maps.Keys(documented.Content)), " or "),
			fmt.Sprintf("%q", contentType))
	}
	return media
}

// checkBody checks a body that has items or is JSON.
func (p *Expected) checkBody(mediaType string, documented *openapi3.MediaType, got *Response) {
	p.tb.Helper()
	if items := itemsOf(p, mediaType, documented); items != nil {
		items.checkAll(got.Body)
		return
	}
	if documented.Schema == nil || !mediatype.IsJSON(mediaType) {
		return
	}
	at := fmt.Sprintf("the body of status %d", got.Code)
	p.checkJSON(at, documented.Schema, got.Body)
}

// checkJSON checks a text that must be JSON. In responses, a duplicate member is always an error.
func (p *Expected) checkJSON(at string, documented *openapi3.SchemaRef, data []byte) {
	p.tb.Helper()
	value, err := readJSON(data)
	if err != nil {
		p.disagree(at, errNotJSON.Error()+", every name once", shown(data))
		return
	}
	if err := validate(documented, data, value); err != nil {
		p.violates(at, shown(data), err)
	} else if loc, ok := schema.FindWriteOnly(documented, value); ok {
		p.disagree(under(at, loc), "writeOnly, so in no response", shown(data))
	}
}
