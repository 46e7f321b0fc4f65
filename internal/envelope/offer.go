package envelope

import (
	"cmp"
	"fmt"
	"mime"
	"net/http"
	"slices"
	"strings"

	"github.com/candor-go/candor/internal/mediatype"
	"github.com/candor-go/candor/internal/response"
	"github.com/candor-go/candor/internal/typeinfo"
)

// Offer is what the responses of a type may be.
type Offer struct {
	// Statuses lists the possible statuses; the first is the default.
	Statuses []int
	// Media lists the media types; the first is the default.
	Media []string
	// Varies means that each response chooses its media type, which CheckType then checks.
	Varies bool
}

// Choose returns the statuses and media types of a type: those that the options of the route declare, or those of its
// tags, or those of the body's kind. A status of 0 and no media types declare nothing.
func Choose(out *typeinfo.Output, body Body, status int, media []string) (o Offer, err error) {
	switch {
	case out.Status != nil && status != 0:
		return o, fmt.Errorf("Status(%d) together with %s.%s, which already gives the status codes of the response; drop the option and list the status in the tag, the default first", status, typeinfo.Name(out.Go), out.Status.Go)
	case out.Status != nil:
		o.Statuses = out.Status.Statuses
	default:
		o.Statuses = []int{cmp.Or(status, body.Status)}
	}
	if err := o.checkStatuses(out, body, "Status"); err != nil {
		return o, err
	}
	return o, o.chooseMedia(out, body, media)
}

// Declared returns what a response of the status may be that is only declared. It fails if the type does not match the
// status.
func Declared(out *typeinfo.Output, body Body, status int) (o Offer, err error) {
	o.Statuses = []int{status}
	if err := o.checkStatuses(out, body, "Responds"); err != nil {
		return o, err
	}
	return o, o.chooseMedia(out, body, nil)
}

// checkStatuses finds statuses that do not match the body. option is the option that sets them if no tag does.
func (o *Offer) checkStatuses(out *typeinfo.Output, body Body, option string) error {
	if body.Media != "" && !slices.ContainsFunc(o.Statuses, mediatype.BodyAllowed) {
		return fmt.Errorf("%s(%d) is a response without a body, but its type is %s; make that candor.None or choose another status", option, o.Statuses[0], typeinfo.Name(out.Go))
	}
	if !body.Redirects {
		return nil
	}
	for _, status := range o.Statuses {
		if status < 300 || status > 399 || status == http.StatusNotModified {
			return fmt.Errorf("the status %d is not a redirect, but the response is a candor.Redirect; choose one of 301, 302, 303, 307, 308", status)
		}
	}
	return nil
}

// chooseMedia determines the media types.
func (o *Offer) chooseMedia(out *typeinfo.Output, body Body, declared []string) error {
	switch {
	case body.Media == "":
		if len(declared) > 0 {
			return fmt.Errorf("Produces(%q), but the response has no body; drop the option", declared[0])
		}
	case len(declared) > 0:
		o.Media = declared
	case out.Body.Media != "":
		o.Media = []string{out.Body.Media}
	case HasContentType(out):
		o.Media = []string{"*/*"}
	default:
		o.Media = []string{body.Media}
	}
	// Each response is checked by CheckType instead.
	if o.Varies = body.Chooses || HasContentType(out); o.Varies {
		return nil
	}
	if len(o.Media) > 1 {
		return fmt.Errorf("Produces lists %s, but nothing chooses among them; name one, or return an envelope with a field `header:\"Content-Type\"`", strings.Join(o.Media, ", ")) //nolint:staticcheck // Produces is the name of an option
	}
	if len(o.Media) == 1 && strings.Contains(o.Media[0], "*") {
		return fmt.Errorf("%s is not a media type that can be sent; name one, or return an envelope with a field `header:\"Content-Type\"`", o.Media[0])
	}
	return nil
}

// HasContentType reports whether a field of the envelope sets the media type.
func HasContentType(out *typeinfo.Output) bool {
	return slices.ContainsFunc(out.Headers, isContentType)
}

func isContentType(f *typeinfo.Field) bool { return http.CanonicalHeaderKey(f.Name) == "Content-Type" }

// CheckType refuses a media type that is not one of those in the document, of which the first is the default.
func CheckType(media []string, resp *response.Response) error {
	if resp.ContentType == media[0] || !mediatype.BodyAllowed(resp.Status) {
		return nil
	}
	mediaType, _, err := mime.ParseMediaType(resp.ContentType)
	if err != nil || mediatype.HasControl(resp.ContentType) {
		return fmt.Errorf("the media type %q is malformed", resp.ContentType)
	}
	if !slices.ContainsFunc(media, func(listed string) bool { return mediatype.Matches(mediatype.Bare(listed), mediaType) }) {
		return fmt.Errorf("the media type %q is not one of %s", resp.ContentType, strings.Join(media, ", "))
	}
	return nil
}
