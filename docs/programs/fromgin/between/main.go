package main

import (
	"context"
	"errors"
	"log"
	"net/http"
	"os/signal"
	"sync"
	"syscall"

	"github.com/gin-gonic/gin"

	"github.com/candor-go/candor"
)

type Task struct {
	ID    int    `json:"id"`
	Title string `json:"title" binding:"required,max=50" validate:"min=1,max=50"`
	Done  bool   `json:"done" default:"false"`
}

type Tasks struct {
	mutex sync.Mutex
	tasks []Task
}

func (s *Tasks) Add(task Task) Task {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	task.ID = len(s.tasks) + 1
	s.tasks = append(s.tasks, task)
	return task
}

func (s *Tasks) Find(id int) (Task, bool) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if id < 1 || id > len(s.tasks) {
		return Task{}, false
	}
	return s.tasks[id-1], true
}

var (
	ErrNoTask     = candor.Error(404, "task not found")
	ErrUnknownKey = candor.Error(401, "unknown key")
)

// User was c.Get("user").
type User string

type CurrentUser struct {
	Key candor.APIKey `header:"X-Key"`
}

func currentUser(_ context.Context, in CurrentUser) (User, error) {
	if !candor.SecretsEqual("sesame", string(in.Key)) {
		return "", ErrUnknownKey
	}
	return "ann", nil
}

type ReadTask struct {
	ID    int    `path:"id" validate:"gte=1"`
	Tasks *Tasks `dep:""`
}

func readTask(_ context.Context, in ReadTask) (Task, error) {
	task, ok := in.Tasks.Find(in.ID)
	if !ok {
		return Task{}, ErrNoTask
	}
	return task, nil
}

func newApp(tasks *Tasks) *candor.App {
	// The tag binding belongs to gin, until the type has moved.
	app := candor.New(candor.Config{Title: "Tasks", ForeignTags: []string{"binding"}})
	candor.ProvideValue(app, tasks)
	candor.Provide(app, currentUser, candor.Raises(ErrUnknownKey))
	candor.Get(app, "/tasks/{id}", readTask, candor.Needs[User](), candor.Raises(ErrNoTask))
	return app
}

func authenticate(c *gin.Context) {
	if c.GetHeader("X-Key") != "sesame" {
		c.AbortWithStatusJSON(http.StatusUnauthorized, gin.H{"error": "unknown key"})
	}
}

func newEngine(tasks *Tasks, app *candor.App) *gin.Engine {
	gin.SetMode(gin.ReleaseMode)
	engine := gin.New()
	engine.UseRawPath = true
	engine.POST("/tasks", authenticate, func(c *gin.Context) {
		var task Task
		if err := c.ShouldBindJSON(&task); err != nil {
			c.JSON(http.StatusBadRequest, gin.H{"error": err.Error()})
			return
		}
		c.JSON(http.StatusCreated, tasks.Add(task))
	})
	engine.NoRoute(gin.WrapH(app)) // Candor serves what gin does not know: its routes, /docs, 404 and 405
	return engine
}

func run() error {
	ctx, cancel := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer cancel()
	tasks := &Tasks{}
	app := newApp(tasks)
	stop, err := app.Start(ctx)
	if err != nil {
		return err
	}
	server := &http.Server{Addr: ":8000", Handler: newEngine(tasks, app)}
	go func() {
		<-ctx.Done()
		server.Shutdown(context.Background())
	}()
	if err := server.ListenAndServe(); !errors.Is(err, http.ErrServerClosed) {
		return errors.Join(err, stop())
	}
	return stop()
}

func main() {
	if err := run(); err != nil {
		log.Fatal(err)
	}
}
