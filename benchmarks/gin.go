package benchmarks

import (
	"errors"
	"net/http"
	"sync"

	"github.com/gin-gonic/gin"
	"github.com/gin-gonic/gin/binding"
	"github.com/go-playground/validator/v10"
)

type ginItem struct {
	Name     string   `json:"name" binding:"min=1,max=50"`
	Email    string   `json:"email" binding:"email"`
	Price    float64  `json:"price" binding:"gte=0,lte=100000"`
	Quantity int      `json:"quantity" binding:"gte=1,lte=1000"`
	Category string   `json:"category" binding:"oneof=books electronics garden toys"`
	Tags     []string `json:"tags" binding:"max=5,dive,min=1,max=20"`
}

type ginSearchPath struct {
	ID int `uri:"id" binding:"gte=1"`
}

type ginSearchQuery struct {
	Q     string `form:"q" binding:"max=50"`
	Limit int    `form:"limit,default=20" binding:"gte=1,lte=100"`
}

// Gin is gin with its own binding.
func Gin() Contender { return onHTTP{"gin", "github.com/gin-gonic/gin", newGin, ginHub, ginLarge} }

func ginHub() http.Handler {
	gin.SetMode(gin.ReleaseMode)
	engine := gin.New()
	for _, r := range HubRoutes() {
		name := r.String()
		engine.Handle(r.Method, colons(r.Path), func(c *gin.Context) { c.JSON(http.StatusOK, r.hit(name, c.Param)) })
	}
	return engine
}

func ginLarge(groups int) (any, []byte, error) {
	gin.SetMode(gin.ReleaseMode)
	engine := gin.New()
	hello := func(c *gin.Context) { c.JSON(http.StatusOK, Greeting{greeting}) }
	return routesOnly(engine, groups, func(method, path string) { engine.Handle(method, colons(path), hello) })
}

// nameFields sets the names on the wire in gin's validator, which all its engines share.
var nameFields = sync.OnceFunc(func() {
	if v, ok := binding.Validator.Engine().(*validator.Validate); ok {
		v.RegisterTagNameFunc(wireName)
	}
})

func newGin() http.Handler {
	gin.SetMode(gin.ReleaseMode)
	nameFields()
	items := stock()
	r := gin.New()
	r.GET("/", func(c *gin.Context) { c.JSON(http.StatusOK, Greeting{greeting}) })
	r.GET("/items/:id", ginSearch)
	r.GET("/items", func(c *gin.Context) { c.JSON(http.StatusOK, items) })
	r.POST("/items", ginBody(func(item ginItem) any { return item }))
	r.POST("/items/batch", ginBody(func(items []ginItem) any { return Count{len(items)} }))
	r.GET("/me", ginEditor(newAccounts()), func(c *gin.Context) { c.JSON(http.StatusOK, c.MustGet(ginAccount)) })
	odd := oddities()
	r.GET("/oddities", func(c *gin.Context) { c.JSON(http.StatusOK, odd) })
	r.POST("/orders", ginBody(func(order Order) any { return order }))
	r.POST("/stock", ginBody(func(stock map[string]int) any { return Count{len(stock)} }))
	r.POST("/upload", ginUpload)
	return r
}

func ginUpload(c *gin.Context) {
	file, err := c.FormFile("file")
	if err != nil {
		ginRefuse(c, "body", err)
		return
	}
	c.JSON(http.StatusOK, Uploaded{c.PostForm("title"), file.Filename, file.Size})
}

// ginBody is a handler that responds with a value made from the body.
func ginBody[T any](answer func(T) any) gin.HandlerFunc {
	return func(c *gin.Context) {
		var body T
		if err := c.ShouldBindJSON(&body); err != nil {
			ginRefuse(c, "body", err)
			return
		}
		c.JSON(http.StatusOK, answer(body))
	}
}

// ginRefuse responds with the validation errors of gin's binding. For a list, the error has one error for each element.
func ginRefuse(c *gin.Context, source string, err error) {
	var problems []Problem
	var each binding.SliceValidationError
	if errors.As(err, &each) {
		for _, e := range each {
			problems = append(problems, problemsOf(e, source)...)
		}
	} else {
		problems = problemsOf(err, source)
	}
	c.JSON(http.StatusUnprocessableEntity, Problems{problems})
}

func ginSearch(c *gin.Context) {
	var path ginSearchPath
	if err := c.ShouldBindUri(&path); err != nil {
		ginRefuse(c, "path", err)
		return
	}
	var query ginSearchQuery
	if err := c.ShouldBindQuery(&query); err != nil {
		ginRefuse(c, "query", err)
		return
	}
	c.JSON(http.StatusOK, Search{ID: path.ID, Q: query.Q, Limit: query.Limit})
}

// ginAccount is the key of the account found by ginEditor.
const ginAccount = "account"

// ginEditor is middleware for operations that require an editor.
func ginEditor(users accounts) gin.HandlerFunc {
	return func(c *gin.Context) {
		account, err := users.editor(c.GetHeader("Authorization"))
		if err != nil {
			status, challenge, body := refusal(err)
			c.Header("WWW-Authenticate", challenge) // gin omits an empty header
			c.AbortWithStatusJSON(status, body)
			return
		}
		c.Set(ginAccount, account)
	}
}
