// Package candor serves plain Go functions as a REST API, and writes the API's document from the same types, so that
// the document never lies.
//
// A handler takes a context and a struct, and returns a value or an error:
//
//	type ReadItem struct {
//		ItemID int    `path:"item_id" validate:"gte=1"`
//		Q      string `query:"q,omitempty" validate:"max=50"`
//	}
//
//	func readItem(ctx context.Context, in ReadItem) (Item, error)
//
//	app := candor.New(candor.Config{Title: "Items", Version: "1.0.0"})
//	candor.Get(app, "/items/{item_id}", readItem)
//	err := app.Run(":8000") // with /docs, /redoc and /openapi.json
//
// # Inputs
//
// Each field of the input has one tag that says where its value comes from:
//
//   - path:"item_id", a wildcard of the path;
//   - query:"q", header:"X-Token", cookie:"session", a parameter; a slice takes all values, anything else the last;
//   - body:"", the whole JSON body, or body:"item", one member of it;
//   - form:"name" and file:"avatar", a field and an [Upload] of a form;
//   - dep:"", a dependency: see [Provide];
//   - an embedded struct contributes its fields; credentials such as [Bearer], and *http.Request, need no tag.
//
// A value is required, which means that it must be present, unless its field is a pointer, has a default, or its tag
// says omitempty. A zero value counts as present. The tag validate holds rules in the syntax of
// go-playground/validator; the tags default, doc, example and deprecated describe the field further.
//
// # Responses
//
// The result is encoded as JSON with status 200, or that of [Status]; [None] is a 204. [HTML], [Text], []byte,
// [Reader], [File] and [Redirect] are sent as they are; [JSONLines] and [Events] are streamed. A struct whose fields
// all have one of the tags status:"200,201", header:"X-Total", cookie:"session" and body:"" is an envelope, which sets
// the parts of the response: a zero status means the first one listed; a cookie of type string gets Path=/, HttpOnly
// and SameSite=Lax, and is left out if it is empty.
//
// An error made by [Error] is sent with its status and detail. All validation errors of a request are sent together,
// with status 422. Any other error is a 500 whose text stays on the server.
//
// # Two moments
//
// A registration that cannot work panics and says what to write instead; a request never does. Registration ends when
// the app is sealed: by Run, Serve, Seal, NewTestClient, WriteOpenAPI or the first request. Until then the order of
// registrations does not matter; from then on the app is safe for concurrent use.
//
// # Tests
//
// A handler is a function: call it. [NewTestClient] sends requests without a network, and fails the test where the app
// and its document disagree.
//
// # Names
//
// All exported names by subject; the guide has a page for each subject.
//
//   - Apps: [New], [App], [Config], [Limits], [Server], [ServerVariable], [Info], [Contact], [License],
//     [ExternalDocs], [Docs]
//   - Routes: [Get], [Post], [Put], [Patch], [Delete], [Head], [Options], [Trace], [Query], [Handle], [HandleHTTP],
//     [Route], [RouteInfo], [RouteOption], [Option], [Alias], [Public]
//   - Routers: [NewRouter], [Router], [Routes], [IncludeOption], [Prefix], [RootPath]
//   - Inputs: [None], [Optional], [Some], [Null], [OneOf], [Strict], [ForbidExtra], [RawBody], [Date], [DateOf],
//     [TimeOfDay], [TimeOfDayOf], [LocalDateTime], [LocalDateTimeOf], [Codec]
//   - Limits of requests: [MaxBody], [Timeout], [StrictContentType], [TrustedHosts]
//   - Forms and files: [Upload], [NewUpload], [LimitMultipart], [MultipartLimits]
//   - Validation: [Rule], [Invalid], [ValidationError], [Fault], [DottedFaults], [FieldErrors], [FieldError]
//   - Responses: [Status], [Text], [HTML], [Redirect], [Reader], [File], [Static], [ResponseHeader], [Produces],
//     [ResponseChecks], [ChecksFail], [ChecksLog], [ChecksOff], [BeforeHeader]
//   - Errors: [Error], [HTTPError], [Problem], [OnError], [OnStatus], [WriteError], [ResponseError], [Raises],
//     [RaisesType], [Responds], [RespondsHeader], [StatusDefault], [Status2XX], [Status3XX], [Status4XX],
//     [Status5XX], [Declaration]
//   - Streams: [JSONLines], [LinesOf], [Events], [EventsOf], [Event], [Raw], [Heartbeat]
//   - WebSockets: [WebSocket], [Socket], [Frame], [Close], [CloseError], [Origins], [Subprotocols], [MessageLimit],
//     [ReplyToInvalidMessages]
//   - Dependency injection: [Provide], [ProvideScoped], [ProvideShared], [ProvideValue], [ProvideOption], [Attempts],
//     [Until], [Lifetime], [ResponseEncoded], [ResponseSent], [Lazy], [LazyValue], [ErrLazyEnded], [Require],
//     [Needs], [Around], [Exchange]
//   - Security: [Bearer], [Basic], [APIKey], [OAuth2PasswordForm], [Scopes], [RequiredScopes], [SecretsEqual],
//     [Challenge], [SecurityScheme], [BearerTokens], [OAuth2Password], [OAuth2Code], [OAuth2ClientCredentials],
//     [OAuth2Device], [OpenIDConnect]
//   - Background tasks, health and settings: [Tasks], [HealthCheck], [HealthCheckOf], [FromEnv]
//   - Middleware: [Use], [Middleware], [Documented]
//   - Rate limits: [RateLimit], [RateConfig], [Rate], [PerSecond], [PerMinute], [PerHour], [ByClient],
//     [ByCredential], [RateStore], [NewMemoryRateStore], [Taken]
//   - Caching and patches: [Cache], [CacheConfig], [CacheTags], [CacheStore], [NewMemoryCache], [CheckETag],
//     [ErrPreconditionFailed], [AutoPatch], [PatchInput]
//   - The document: [Summary], [Description], [Tags], [Tag], [OperationID], [Deprecated], [Hidden], [RequestExample],
//     [ResponseExample], [Links], [Link], [Webhook], [Callback], [Extension], [EditOperation], [Comments],
//     [DocumentFormat], [OpenAPI31], [OpenAPI31YAML], [OpenAPI30], [OpenAPI30YAML], [OpenAPI32], [OpenAPI32YAML],
//     [AsyncAPI30]
//   - Typed calls: [Client], [InProcess]
//   - Tests: [NewTestClient], [TestClient], [TestResponse], [TestStream], [TestSocket], [ReadLines], [ReadEvents],
//     [TestOption], [WithHeader], [WithQuery], [WithCookie], [WithBody], [WithForm], [WithFile], [WithContext],
//     [Unchecked], [Override], [OverrideScoped], [OverrideValue], [TB]
package candor
