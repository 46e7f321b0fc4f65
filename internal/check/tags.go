package check

import (
	"fmt"
	"strings"

	"github.com/candor-go/candor/internal/fault"
	"github.com/candor-go/candor/internal/lazy"
	"github.com/candor-go/candor/internal/typeinfo"
)

// tag describes one of validator's rules.
type tag struct {
	// on is the set of shapes that the rule applies to. For others validator panics, or rejects every value.
	on shape
	// param says whether the rule has text after "=".
	param paramUse
	// phrase is what a value must be, such as "a valid email address", or, if it begins with "must", what it must do.
	// %s stands for the parameter.
	phrase string
	// fault is the type of the validation error, "" for a value error with the phrase.
	fault string
	// make compiles the rule; nil means that validator is called.
	make maker
}

// paramUse says how a rule uses the text after "=".
type paramUse uint8

const (
	none   paramUse = iota // not allowed: validator would ignore it
	needs                  // required, but may be empty
	filled                 // required and not empty
	own                    // the maker decides
)

// compiled is the result of a maker; a nil blame means the tag's own error, an empty quick that only keeps decides.
type compiled struct {
	keeps judge
	quick Quick
	blame blame
}

type maker func(s *Set, on subject, rule typeinfo.Rule) (compiled, error)

// fits rejects a rule for a kind that it does not apply to, and a missing or superfluous parameter.
func (t *tag) fits(on subject, rule typeinfo.Rule) error {
	if on.shape&t.on == 0 && !on.valuer {
		return fmt.Errorf("judges %s, not %s; %s", t.on, on.typ.Go, elsewhere(t, on))
	}
	switch {
	case t.param == none && rule.HasParam:
		return fmt.Errorf("takes no value; write %s", rule.Name)
	case (t.param == needs || t.param == filled) && !rule.HasParam, t.param == filled && rule.Param == "":
		return fmt.Errorf("lacks its value; write %s=value", rule.Name)
	}
	return nil
}

func elsewhere(t *tag, on subject) string {
	if on.shape == list && t.on&list == 0 {
		return "write dive in front for the elements"
	}
	return "write a rule that does, or a Validate method"
}

func (t *tag) blame(rule typeinfo.Rule) blame {
	if t.fault != "" {
		return always(*fault.New(t.fault))
	}
	sentence := t.sentence(rule)
	if !strings.HasPrefix(sentence, "must") {
		sentence = "not " + sentence
	}
	return valueError(sentence)
}

func (t *tag) sentence(rule typeinfo.Rule) string {
	return strings.ReplaceAll(t.phrase, "%s", rule.Param)
}

// Describe says in English what a value must be or do to satisfy a rule, such as "must be a valid email address". An
// unknown rule is called by its name.
func Describe(rule typeinfo.Rule) string {
	if len(rule.Or) > 0 {
		phrases := make([]string, len(rule.Or))
		for i, r := range rule.Or {
			phrases[i] = Describe(r)
		}
		return strings.Join(phrases, " or ")
	}
	t, ok := tags()[rule.Name]
	if !ok || t.phrase == "" {
		return "must satisfy the rule " + rule.String()
	}
	sentence := t.sentence(rule)
	if strings.HasPrefix(sentence, "must") {
		return sentence
	}
	return "must be " + sentence
}

// refused are the words of a tag that are not rules for a single value, and the rules that would let a request access
// files, directories, sockets or DNS.
var refused = map[string]string{
	"structonly":    "nested structs are always checked, each by its own tags; drop it",
	"nostructlevel": "nested structs are always checked, each by its own tags; drop it",
	"dive":          "applies to elements; write it after the rules of the list",
	"keys":          "belongs after dive; write dive,keys,...,endkeys,...",
	"endkeys":       "belongs after dive; write dive,keys,...,endkeys,...",
	"required":      "says that the value must be sent; write it first, without others",
	"omitempty":     "switches the other rules off; write it first, without others",
	"omitzero":      "switches the other rules off; write it first, without others",
	"omitnil":       "switches the other rules off; write it first, without others",
	"-":             "means no rules; drop the others",

	"multiple_of": "is written as JSON Schema has it: multipleOf",
	"multipleof":  "is written as JSON Schema has it: multipleOf",

	"file":       "would look for a client's path on this server; take the file itself with a file tag",
	"filepath":   "would look for a client's path on this server; write pattern or a rule of your own",
	"dir":        "would look for a client's path on this server; write pattern or a rule of your own",
	"dirpath":    "would look for a client's path on this server; write pattern or a rule of your own",
	"image":      "would open a client's path on this server; take the file itself with a file tag",
	"mimetype":   "would open a client's path on this server; take the file itself with a file tag",
	"uds_exists": "would look for a client's socket on this server; write a rule of your own",
	"unix_addr":  "would ask the system about a client's address; write a rule of your own",
	"tcp_addr":   "would ask the system to resolve a client's address; write hostname_port",
	"tcp4_addr":  "would ask the system to resolve a client's address; write hostname_port",
	"tcp6_addr":  "would ask the system to resolve a client's address; write hostname_port",
	"udp_addr":   "would ask the system to resolve a client's address; write hostname_port",
	"udp4_addr":  "would ask the system to resolve a client's address; write hostname_port",
	"udp6_addr":  "would ask the system to resolve a client's address; write hostname_port",
	"ip_addr":    "would ask the system to resolve a client's address; write ip",
	"ip4_addr":   "would ask the system to resolve a client's address; write ipv4",
	"ip6_addr":   "would ask the system to resolve a client's address; write ipv6",
}

// comparables are the shapes that rules about size and order apply to.
const comparables = text | numbers | span | sized

// tags are validator's rules, except those that look at other fields.
func tags() map[string]tag { return madeTags.Get(makeTags) }

var madeTags lazy.Value[map[string]tag]

func makeTags() map[string]tag {
	return map[string]tag{
		"min": {on: comparables | moment, param: own, make: makeBound, phrase: "at least %s"},
		"gte": {on: comparables | moment, param: own, make: makeBound, phrase: "at least %s"},
		"max": {on: comparables | moment, param: own, make: makeBound, phrase: "at most %s"},
		"lte": {on: comparables | moment, param: own, make: makeBound, phrase: "at most %s"},
		"gt":  {on: comparables | moment, param: own, make: makeBound, phrase: "more than %s"},
		"lt":  {on: comparables | moment, param: own, make: makeBound, phrase: "less than %s"},
		"len": {on: comparables, param: filled, make: makeBound, phrase: "of length %s"},
		"eq":  {on: comparables | boolean, param: needs, make: makeEqual, phrase: "equal to %s"},
		"ne":  {on: comparables | boolean, param: needs, make: makeEqual, phrase: "must not be %s"},

		"eq_ignore_case": {on: text, param: needs, make: makeEqualFold, phrase: "%s, in any case"},
		"ne_ignore_case": {on: text, param: needs, make: makeEqualFold, phrase: "must not be %s, in any case"},
		"oneof":          {on: text | whole, param: filled, make: makeOneOf, phrase: "one of %s"},
		"oneofci":        {on: text, param: filled, make: makeOneOf, phrase: "one of %s, in any case"},
		"noneof":         {on: text | whole, param: filled, make: makeOneOf, phrase: "must not be one of %s"},
		"noneofci":       {on: text, param: filled, make: makeOneOf, phrase: "must not be one of %s, in any case"},
		"unique":         {on: sized, param: own, make: makeUnique, phrase: "must not have the same item twice"},
		"isdefault":      {on: ^shape(0), make: makeIsDefault, phrase: "must be left out or empty"},
		"multipleOf":     {on: numbers, param: filled, make: makeMultiple, phrase: "a multiple of %s"},
		"pattern":        {on: text, param: needs, make: makePattern, phrase: "must match the pattern %s"},
		"validateFn":     {on: ^shape(0), param: own, make: makeValidateFn, phrase: "valid"},

		"contains":      {on: text, param: filled, make: onText(contains), phrase: `must contain "%s"`},
		"containsany":   {on: text, param: filled, make: onText(containsAny), phrase: `must contain one of the characters "%s"`},
		"containsrune":  {on: text, param: filled, make: onText(containsRune), phrase: `must contain "%s"`},
		"excludes":      {on: text, param: filled, make: onText(not(contains)), phrase: `must not contain "%s"`},
		"excludesall":   {on: text, param: filled, make: onText(not(containsAny)), phrase: `must not contain any of the characters "%s"`},
		"excludesrune":  {on: text, param: filled, make: onText(not(containsRune)), phrase: `must not contain "%s"`},
		"startswith":    {on: text, param: filled, make: onText(startsWith), phrase: `must start with "%s"`},
		"endswith":      {on: text, param: filled, make: onText(endsWith), phrase: `must end with "%s"`},
		"startsnotwith": {on: text, param: filled, make: onText(not(startsWith)), phrase: `must not start with "%s"`},
		"endsnotwith":   {on: text, param: filled, make: onText(not(endsWith)), phrase: `must not end with "%s"`},

		"alpha":           {on: text, make: everyByte(isLetter), phrase: "made of the letters a to z only"},
		"alphaspace":      {on: text, make: everyByte(isLetterOrSpace), phrase: "made of the letters a to z and spaces only"},
		"alphanum":        {on: text, make: everyByte(isLetterOrDigit), phrase: "made of the letters a to z and digits only"},
		"alphanumspace":   {on: text, make: everyByte(isLetterDigitOrSpace), phrase: "made of the letters a to z, digits and spaces only"},
		"alphaunicode":    {on: text, make: onText(everyLetter), phrase: "made of letters only"},
		"alphanumunicode": {on: text, make: onText(everyLetterOrNumber), phrase: "made of letters and digits only"},
		"numeric":         {on: text | numbers | numeral, make: unlessNumber(isNumeric), phrase: "a number"},
		"number":          {on: text | numbers | numeral, make: unlessNumber(isDigits), phrase: "made of digits only"},
		"boolean":         {on: text | boolean, phrase: "true or false"},
		"hexadecimal":     {on: text, make: onText(isHexadecimal), phrase: "a hexadecimal number"},
		"ascii":           {on: text, make: onText(isASCII), phrase: "made of ASCII characters only"},
		"printascii":      {on: text, make: onText(isPrintable), phrase: "made of printable ASCII characters only"},
		"multibyte":       {on: text, phrase: "must hold a character outside ASCII"},
		"lowercase":       {on: text, make: onText(isLower), phrase: "in lower case"},
		"uppercase":       {on: text, make: onText(isUpper), phrase: "in upper case"},
		"port":            {on: whole, make: makePort, phrase: "a port from 1 to 65535"},

		"uuid":          {on: text | stringer, make: format(uuidForm{}.matches), fault: fault.UUIDParsing, phrase: "a UUID"},
		"uuid3":         {on: text | stringer, make: format(uuidForm{version: '3', lower: true}.matches), fault: fault.UUIDParsing, phrase: "a UUID of version 3"},
		"uuid4":         {on: text | stringer, make: format(uuidForm{version: '4', variant: true, lower: true}.matches), fault: fault.UUIDParsing, phrase: "a UUID of version 4"},
		"uuid5":         {on: text | stringer, make: format(uuidForm{version: '5', variant: true, lower: true}.matches), fault: fault.UUIDParsing, phrase: "a UUID of version 5"},
		"uuid7":         {on: text | stringer, make: format(uuidForm{version: '7', variant: true, lower: true}.matches), fault: fault.UUIDParsing, phrase: "a UUID of version 7"},
		"uuid_rfc4122":  {on: text | stringer, make: format(uuidForm{}.matches), fault: fault.UUIDParsing, phrase: "a UUID"},
		"uuid3_rfc4122": {on: text | stringer, make: format(uuidForm{version: '3'}.matches), fault: fault.UUIDParsing, phrase: "a UUID of version 3"},
		"uuid4_rfc4122": {on: text | stringer, make: format(uuidForm{version: '4', variant: true}.matches), fault: fault.UUIDParsing, phrase: "a UUID of version 4"},
		"uuid5_rfc4122": {on: text | stringer, make: format(uuidForm{version: '5', variant: true}.matches), fault: fault.UUIDParsing, phrase: "a UUID of version 5"},
		"ulid":          {on: text | stringer, phrase: "a ULID"},

		"datetime": {on: text, param: filled, make: makeDatetime, phrase: "a date or time written like %s"},
		"timezone": {on: text, phrase: "a time zone"},
		"duration": {on: text, phrase: "a duration such as 1h30m"},
		"cron":     {on: text, phrase: "a cron expression"},

		"ip":               {on: text, make: format(isIP), fault: fault.IPAddress, phrase: "an IP address"},
		"ipv4":             {on: text, make: format(isIPv4), fault: fault.IPv4Address, phrase: "an IPv4 address"},
		"ipv6":             {on: text, make: format(isIPv6), fault: fault.IPv6Address, phrase: "an IPv6 address"},
		"cidr":             {on: text, make: format(isCIDR), phrase: "a network in CIDR notation"},
		"cidrv4":           {on: text, make: format(isCIDRv4), phrase: "an IPv4 network in CIDR notation"},
		"cidrv6":           {on: text, make: format(isCIDRv6), phrase: "an IPv6 network in CIDR notation"},
		"mac":              {on: text, phrase: "a MAC address"},
		"hostname":         {on: text, make: format(isHostname), phrase: "a host name"},
		"hostname_rfc1123": {on: text, make: format(isHostname1123), phrase: "a host name"},
		"hostname_label":   {on: text, phrase: "one label of a host name"},
		"hostname_port":    {on: text, phrase: "a host name with a port"},
		"fqdn":             {on: text, make: format(isFQDN), phrase: "a fully qualified domain name"},

		"dns_rfc1035_label": {on: text, phrase: "a DNS label"},
		"url":               {on: text, make: format(isURL), fault: fault.URLParsing, phrase: "a URL"},
		"http_url":          {on: text, make: format(isHTTPURL), fault: fault.URLParsing, phrase: "an HTTP URL"},
		"https_url":         {on: text, make: format(isHTTPSURL), fault: fault.URLParsing, phrase: "an HTTPS URL"},
		"uri":               {on: text, make: format(isURI), fault: fault.URLParsing, phrase: "a URI"},
		"origin":            {on: text, phrase: "a web origin such as https://example.com"},
		"urn_rfc2141":       {on: text, phrase: "a URN"},
		"urn_rfc8141":       {on: text, phrase: "a URN"},
		"url_encoded":       {on: text, phrase: "percent-encoded text"},
		"datauri":           {on: text, phrase: "a data URI"},
		"email":             {on: text, make: makeEmail, phrase: "a valid email address"},
		"e164":              {on: text, make: format(isE164), phrase: "a phone number such as +4930123456"},

		"base32":       {on: text, phrase: "base32 text"},
		"base64":       {on: text, make: format(base64Text(isBase64Sign)), phrase: "base64 text"},
		"base64url":    {on: text, make: format(base64Text(isBase64URLSign)), phrase: "base64 text for URLs"},
		"base64rawurl": {on: text, phrase: "unpadded base64 text for URLs"},
		"json":         {on: text | octets, make: format(isJSON), phrase: "JSON"},
		"jwt":          {on: text, phrase: "a JSON Web Token"},
		"html":         {on: text, phrase: "must hold an HTML element"},
		"html_encoded": {on: text, phrase: "must hold an HTML character reference"},
		"md4":          {on: text, phrase: "an MD4 hash"},
		"md5":          {on: text, phrase: "an MD5 hash"},
		"sha256":       {on: text, phrase: "a SHA-256 hash"},
		"sha384":       {on: text, phrase: "a SHA-384 hash"},
		"sha512":       {on: text, phrase: "a SHA-512 hash"},
		"ripemd128":    {on: text, phrase: "a RIPEMD-128 hash"},
		"ripemd160":    {on: text, phrase: "a RIPEMD-160 hash"},
		"tiger128":     {on: text, phrase: "a Tiger-128 hash"},
		"tiger160":     {on: text, phrase: "a Tiger-160 hash"},
		"tiger192":     {on: text, phrase: "a Tiger-192 hash"},

		"iscolor":  {on: text, phrase: "a colour"},
		"hexcolor": {on: text, phrase: "a colour such as #1e90ff"},
		"rgb":      {on: text, phrase: "a colour such as rgb(30,144,255)"},
		"rgba":     {on: text, phrase: "a colour such as rgba(30,144,255,0.5)"},
		"hsl":      {on: text, phrase: "a colour such as hsl(210,100%,56%)"},
		"hsla":     {on: text, phrase: "a colour such as hsla(210,100%,56%,0.5)"},
		"cmyk":     {on: text, phrase: "a colour such as cmyk(88%, 44%, 0%, 0%)"},

		"isbn":   {on: text, phrase: "an ISBN"},
		"isbn10": {on: text, phrase: "an ISBN of 10 digits"},
		"isbn13": {on: text, phrase: "an ISBN of 13 digits"},
		"issn":   {on: text, phrase: "an ISSN"},
		"semver": {on: text, make: format(isSemver), phrase: "a semantic version"},
		"cve":    {on: text, phrase: "a CVE identifier"},
		"ssn":    {on: text, phrase: "a US social security number"},
		"ein":    {on: text, phrase: "a US employer identification number"},
		"bic":    {on: text, phrase: "a bank identifier code"},

		"bic_iso_9362_2014":       {on: text, phrase: "a bank identifier code"},
		"credit_card":             {on: text, phrase: "a credit card number"},
		"luhn_checksum":           {on: text | whole, phrase: "must end with its Luhn check digit"},
		"btc_addr":                {on: text, phrase: "a Bitcoin address"},
		"btc_addr_bech32":         {on: text, phrase: "a Bitcoin address"},
		"eth_addr":                {on: text, phrase: "an Ethereum address"},
		"eth_addr_checksum":       {on: text, phrase: "an Ethereum address with its checksum"},
		"mongodb":                 {on: text, phrase: "a MongoDB object id"},
		"spicedb":                 {on: text, param: own, make: makeSpiceDB, phrase: "a SpiceDB identifier"},
		"latitude":                {on: text | numbers | numeral, phrase: "a latitude from -90 to 90"},
		"longitude":               {on: text | numbers | numeral, phrase: "a longitude from -180 to 180"},
		"iso4217":                 {on: text, phrase: "a currency code such as EUR"},
		"iso4217_numeric":         {on: whole, phrase: "a numeric currency code"},
		"iso3166_1_alpha2":        {on: text, phrase: "a country code such as DE"},
		"iso3166_1_alpha2_eu":     {on: text, phrase: "the code of a country of the European Union, such as DE"},
		"iso3166_1_alpha3":        {on: text, phrase: "a country code such as DEU"},
		"iso3166_1_alpha3_eu":     {on: text, phrase: "the code of a country of the European Union, such as DEU"},
		"iso3166_2":               {on: text, phrase: "the code of a region such as DE-BE"},
		"country_code":            {on: text | whole, phrase: "a country code"},
		"eu_country_code":         {on: text | whole, phrase: "the code of a country of the European Union"},
		"bcp47_language_tag":      {on: text, phrase: "a language tag such as de-CH"},
		"postcode_iso3166_alpha2": {on: text, param: filled, make: makePostcode, phrase: "a postcode of %s"},

		"bcp47_strict_language_tag":  {on: text, phrase: "a language tag such as de-CH"},
		"iso3166_1_alpha_numeric":    {on: text | whole, phrase: "a numeric country code"},
		"iso3166_1_alpha_numeric_eu": {on: text | whole, phrase: "the numeric code of a country of the European Union"},
		"mongodb_connection_string":  {on: text, phrase: "a MongoDB connection string"},
	}
}
