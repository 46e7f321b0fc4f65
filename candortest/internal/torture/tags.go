package torture

// Exactly has a member for each string rule that JSON Schema keywords fully express, named after its tag. Each may be
// null or missing.
type Exactly struct {
	Alpha           *string `json:"alpha" validate:"alpha" example:"ab"`
	Alphaspace      *string `json:"alphaspace" validate:"alphaspace" example:"a b"`
	Alphanum        *string `json:"alphanum" validate:"alphanum" example:"a1"`
	Alphanumspace   *string `json:"alphanumspace" validate:"alphanumspace" example:"a 1"`
	Alphaunicode    *string `json:"alphaunicode" validate:"alphaunicode" example:"日本"`
	Alphanumunicode *string `json:"alphanumunicode" validate:"alphanumunicode" example:"é1"`
	Numeric         *string `json:"numeric" validate:"numeric" example:"-1.5"`
	Number          *string `json:"number" validate:"number" example:"42"`
	Hexadecimal     *string `json:"hexadecimal" validate:"hexadecimal" example:"0xFF"`
	Ascii           *string `json:"ascii" validate:"ascii" example:"a~"`
	Printascii      *string `json:"printascii" validate:"printascii" example:"a b"`
	Multibyte       *string `json:"multibyte" validate:"multibyte" example:"é"`
	Boolean         *string `json:"boolean" validate:"boolean" example:"true"`
	E164            *string `json:"e164" validate:"e164" example:"+4930123456"`
	Hexcolor        *string `json:"hexcolor" validate:"hexcolor" example:"#1e90ff"`
	Rgb             *string `json:"rgb" validate:"rgb" example:"rgb(30,144,255)"`
	Rgba            *string `json:"rgba" validate:"rgba" example:"rgba(30,144,255,0.5)"`
	Hsl             *string `json:"hsl" validate:"hsl" example:"hsl(210,100%,56%)"`
	Hsla            *string `json:"hsla" validate:"hsla" example:"hsla(210,100%,56%,0.5)"`
	Cmyk            *string `json:"cmyk" validate:"cmyk" example:"cmyk(88%, 44%, 0%, 0%)"`
	Iscolor         *string `json:"iscolor" validate:"iscolor" example:"#fff"`
	Hostname        *string `json:"hostname" validate:"hostname" example:"example.com"`
	HostnameRfc1123 *string `json:"hostname_rfc1123" validate:"hostname_rfc1123" example:"1.example.com"`
	HostnameLabel   *string `json:"hostname_label" validate:"hostname_label" example:"a-1"`
	DnsRfc1035Label *string `json:"dns_rfc1035_label" validate:"dns_rfc1035_label" example:"a-1"`
	UrlEncoded      *string `json:"url_encoded" validate:"url_encoded" example:"a%20b"`
	Uuid            *string `json:"uuid" validate:"uuid" example:"f47ac10b-58cc-4372-a567-0e02b2c3d479"`
	Uuid3           *string `json:"uuid3" validate:"uuid3" example:"a3bb189e-8bf9-3888-9912-ace4e6543002"`
	Uuid4           *string `json:"uuid4" validate:"uuid4" example:"f47ac10b-58cc-4372-a567-0e02b2c3d479"`
	Uuid5           *string `json:"uuid5" validate:"uuid5" example:"987fbc97-4bed-5078-9f07-9141ba07c9f3"`
	Uuid7           *string `json:"uuid7" validate:"uuid7" example:"018f3d6e-7b2a-7c3d-8e4f-5a6b7c8d9e0f"`
	UuidRfc4122     *string `json:"uuid_rfc4122" validate:"uuid_rfc4122" example:"F47AC10B-58CC-4372-A567-0E02B2C3D479"`
	Uuid3Rfc4122    *string `json:"uuid3_rfc4122" validate:"uuid3_rfc4122" example:"A3BB189E-8BF9-3888-9912-ACE4E6543002"`
	Uuid4Rfc4122    *string `json:"uuid4_rfc4122" validate:"uuid4_rfc4122" example:"F47AC10B-58CC-4372-A567-0E02B2C3D479"`
	Uuid5Rfc4122    *string `json:"uuid5_rfc4122" validate:"uuid5_rfc4122" example:"987FBC97-4BED-5078-9F07-9141BA07C9F3"`
	Ulid            *string `json:"ulid" validate:"ulid" example:"01ARZ3NDEKTSV4RRFFQ69G5FAV"`
	Base32          *string `json:"base32" validate:"base32" example:"ME======"`
	Base64          *string `json:"base64" validate:"base64" example:"YQ=="`
	Base64url       *string `json:"base64url" validate:"base64url" example:"YQ=="`
	Base64rawurl    *string `json:"base64rawurl" validate:"base64rawurl" example:"YWE"`
	Jwt             *string `json:"jwt" validate:"jwt" example:"eyJh.eyJz.c2ln"`
	Md4             *string `json:"md4" validate:"md4" example:"d41d8cd98f00b204e9800998ecf8427e"`
	Md5             *string `json:"md5" validate:"md5" example:"d41d8cd98f00b204e9800998ecf8427e"`
	Sha256          *string `json:"sha256" validate:"sha256" example:"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"`
	Sha384          *string `json:"sha384" validate:"sha384" example:"38b060a751ac96384cd9327eb1b1e36a21fdb71114be07434c0cc7bf63f6e1da274edebfe76f65fbd51ad2f14898b95b"`
	Sha512          *string `json:"sha512" validate:"sha512" example:"cf83e1357eefb8bdf1542850d66d8007d620e4050b5715dc83f4a921d36ce9ce47d0d13c5d85f2b0ff8318d2877eec2f63b931bd47417a81a538327af927da3e"`
	Ripemd128       *string `json:"ripemd128" validate:"ripemd128" example:"d41d8cd98f00b204e9800998ecf8427e"`
	Ripemd160       *string `json:"ripemd160" validate:"ripemd160" example:"9c1185a5c5e9fc54612808977ee8f548b2258d31"`
	Tiger128        *string `json:"tiger128" validate:"tiger128" example:"d41d8cd98f00b204e9800998ecf8427e"`
	Tiger160        *string `json:"tiger160" validate:"tiger160" example:"9c1185a5c5e9fc54612808977ee8f548b2258d31"`
	Tiger192        *string `json:"tiger192" validate:"tiger192" example:"24f0130c63ac933216166e76b1bb925ff373de2d49584e7a"`
	Semver          *string `json:"semver" validate:"semver" example:"1.2.3-rc.1+b"`
	Mongodb         *string `json:"mongodb" validate:"mongodb" example:"507f1f77bcf86cd799439011"`
	EthAddr         *string `json:"eth_addr" validate:"eth_addr" example:"0x52908400098527886E0F7030069857D2E4169EE7"`
	Cve             *string `json:"cve" validate:"cve" example:"CVE-2021-44228"`
	Bic             *string `json:"bic" validate:"bic" example:"DEUTDEFF"`
	BicIso93622014  *string `json:"bic_iso_9362_2014" validate:"bic_iso_9362_2014" example:"DEUTDEFF500"`
	Ein             *string `json:"ein" validate:"ein" example:"12-3456789"`
	Latitude        *string `json:"latitude" validate:"latitude" example:"-89.5"`
	Longitude       *string `json:"longitude" validate:"longitude" example:"180.0"`
	Datetime        *string `json:"datetime" validate:"datetime=2006-01-02" example:"2024-02-29"`
	Contains        *string `json:"contains" validate:"contains=x" example:"axb"`
	Containsany     *string `json:"containsany" validate:"containsany=xyz" example:"ya"`
	Containsrune    *string `json:"containsrune" validate:"containsrune=é" example:"é"`
	Excludes        *string `json:"excludes" validate:"excludes=q" example:"a"`
	Excludesall     *string `json:"excludesall" validate:"excludesall=xyz" example:"abc"`
	Excludesrune    *string `json:"excludesrune" validate:"excludesrune=é" example:"e"`
	Startswith      *string `json:"startswith" validate:"startswith=ab" example:"abc"`
	Endswith        *string `json:"endswith" validate:"endswith=yz" example:"xyz"`
	Startsnotwith   *string `json:"startsnotwith" validate:"startsnotwith=ab" example:"ba"`
	Endsnotwith     *string `json:"endsnotwith" validate:"endsnotwith=yz" example:"zy"`
	Eq              *string `json:"eq" validate:"eq=seven" example:"seven"`
	Ne              *string `json:"ne" validate:"ne=seven" example:"eight"`
	EqIgnoreCase    *string `json:"eq_ignore_case" validate:"eq_ignore_case=Ab" example:"aB"`
	NeIgnoreCase    *string `json:"ne_ignore_case" validate:"ne_ignore_case=Ab" example:"b"`
	Oneof           *string `json:"oneof" validate:"oneof=a b 'c d'" example:"c d"`
	Oneofci         *string `json:"oneofci" validate:"oneofci=Red Green" example:"rED"`
	Noneof          *string `json:"noneof" validate:"noneof=a b" example:"c"`
	Noneofci        *string `json:"noneofci" validate:"noneofci=Red Green" example:"blue"`
	Either          *string `json:"either" validate:"hexcolor|rgb" example:"#fff"`
	Min             *string `json:"min" validate:"min=2" example:"ab"`
	Max             *string `json:"max" validate:"max=3" example:"abc"`
	Len             *string `json:"len" validate:"len=2" example:"ab"`
	Gt              *string `json:"gt" validate:"gt=1" example:"ab"`
	Gte             *string `json:"gte" validate:"gte=2" example:"ab"`
	Lt              *string `json:"lt" validate:"lt=3" example:"ab"`
	Lte             *string `json:"lte" validate:"lte=2" example:"ab"`
}

// Roughly has the string rules that refuse more than any keyword can express; the document notes them as x-validate.
type Roughly struct {
	Lowercase               *string `json:"lowercase" validate:"lowercase" example:"ab"`
	Uppercase               *string `json:"uppercase" validate:"uppercase" example:"AB"`
	Email                   *string `json:"email" validate:"email" example:"a@example.com"`
	Url                     *string `json:"url" validate:"url" example:"https://example.com/a?b=c#d"`
	Uri                     *string `json:"uri" validate:"uri" example:"/a/b"`
	HttpUrl                 *string `json:"http_url" validate:"http_url" example:"http://example.com"`
	HttpsUrl                *string `json:"https_url" validate:"https_url" example:"https://example.com"`
	Ip                      *string `json:"ip" validate:"ip" example:"192.0.2.1"`
	Ipv4                    *string `json:"ipv4" validate:"ipv4" example:"192.0.2.1"`
	Ipv6                    *string `json:"ipv6" validate:"ipv6" example:"2001:db8::1"`
	Cidr                    *string `json:"cidr" validate:"cidr" example:"10.0.0.0/8"`
	Cidrv4                  *string `json:"cidrv4" validate:"cidrv4" example:"10.0.0.0/8"`
	Cidrv6                  *string `json:"cidrv6" validate:"cidrv6" example:"2001:db8::/32"`
	Mac                     *string `json:"mac" validate:"mac" example:"00:00:5e:00:53:01"`
	HostnamePort            *string `json:"hostname_port" validate:"hostname_port" example:"example.com:80"`
	Fqdn                    *string `json:"fqdn" validate:"fqdn" example:"example.com."`
	Origin                  *string `json:"origin" validate:"origin" example:"https://example.com"`
	UrnRfc2141              *string `json:"urn_rfc2141" validate:"urn_rfc2141" example:"urn:isbn:0451450523"`
	UrnRfc8141              *string `json:"urn_rfc8141" validate:"urn_rfc8141" example:"urn:isbn:0451450523"`
	Datauri                 *string `json:"datauri" validate:"datauri" example:"data:text/plain;base64,YQ=="`
	Json                    *string `json:"json" validate:"json" example:"{}"`
	Html                    *string `json:"html" validate:"html" example:"<p>a</p>"`
	HtmlEncoded             *string `json:"html_encoded" validate:"html_encoded" example:"&#38;"`
	Isbn                    *string `json:"isbn" validate:"isbn" example:"9783161484100"`
	Isbn10                  *string `json:"isbn10" validate:"isbn10" example:"0306406152"`
	Isbn13                  *string `json:"isbn13" validate:"isbn13" example:"9783161484100"`
	Issn                    *string `json:"issn" validate:"issn" example:"2434-561X"`
	Ssn                     *string `json:"ssn" validate:"ssn" example:"219-09-9999"`
	Timezone                *string `json:"timezone" validate:"timezone" example:"Europe/Berlin"`
	Duration                *string `json:"duration" validate:"duration" example:"1h30m"`
	Cron                    *string `json:"cron" validate:"cron" example:"0 12 * * *"`
	DatetimeOfDay           *string `json:"datetime_of_day" validate:"datetime=15:04" example:"12:30"`
	Isdefault               *string `json:"isdefault" validate:"isdefault" example:""`
	CreditCard              *string `json:"credit_card" validate:"credit_card" example:"4111111111111111"`
	LuhnChecksum            *string `json:"luhn_checksum" validate:"luhn_checksum" example:"4111111111111111"`
	BtcAddr                 *string `json:"btc_addr" validate:"btc_addr" example:"1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa"`
	BtcAddrBech32           *string `json:"btc_addr_bech32" validate:"btc_addr_bech32" example:"bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4"`
	EthAddrChecksum         *string `json:"eth_addr_checksum" validate:"eth_addr_checksum" example:"0x52908400098527886E0F7030069857D2E4169EE7"`
	Spicedb                 *string `json:"spicedb" validate:"spicedb=id" example:"user/1"`
	MongodbConnectionString *string `json:"mongodb_connection_string" validate:"mongodb_connection_string" example:"mongodb://localhost:27017"`
	Iso4217                 *string `json:"iso4217" validate:"iso4217" example:"EUR"`
	Iso31661Alpha2          *string `json:"iso3166_1_alpha2" validate:"iso3166_1_alpha2" example:"DE"`
	Iso31661Alpha2Eu        *string `json:"iso3166_1_alpha2_eu" validate:"iso3166_1_alpha2_eu" example:"DE"`
	Iso31661Alpha3          *string `json:"iso3166_1_alpha3" validate:"iso3166_1_alpha3" example:"DEU"`
	Iso31661Alpha3Eu        *string `json:"iso3166_1_alpha3_eu" validate:"iso3166_1_alpha3_eu" example:"DEU"`
	Iso31661AlphaNumeric    *string `json:"iso3166_1_alpha_numeric" validate:"iso3166_1_alpha_numeric" example:"276"`
	Iso31661AlphaNumericEu  *string `json:"iso3166_1_alpha_numeric_eu" validate:"iso3166_1_alpha_numeric_eu" example:"276"`
	Iso31662                *string `json:"iso3166_2" validate:"iso3166_2" example:"DE-BE"`
	CountryCode             *string `json:"country_code" validate:"country_code" example:"DE"`
	EuCountryCode           *string `json:"eu_country_code" validate:"eu_country_code" example:"DE"`
	Bcp47LanguageTag        *string `json:"bcp47_language_tag" validate:"bcp47_language_tag" example:"de-CH"`
	Bcp47StrictLanguageTag  *string `json:"bcp47_strict_language_tag" validate:"bcp47_strict_language_tag" example:"de-CH"`
	PostcodeIso3166Alpha2   *string `json:"postcode_iso3166_alpha2" validate:"postcode_iso3166_alpha2=DE" example:"80331"`
}
