package main

import (
	"context"
	"log"
	"sync"

	"github.com/candor-go/candor"
)

type TaskIn struct {
	Title string `json:"title" validate:"min=1,max=50"`
	Done  bool   `json:"done" default:"false"`
}

type Task struct {
	ID int `json:"id"`
	TaskIn
}

type Tasks struct {
	mutex sync.Mutex
	tasks []Task
}

func (s *Tasks) Add(in TaskIn) Task {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	task := Task{ID: len(s.tasks) + 1, TaskIn: in}
	s.tasks = append(s.tasks, task)
	return task
}

func (s *Tasks) Find(id int) (Task, bool) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if id > len(s.tasks) {
		return Task{}, false
	}
	return s.tasks[id-1], true
}

var (
	ErrNoTask     = candor.Error(404, "task not found")
	ErrUnknownKey = candor.Error(401, "unknown key")
)

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

type AddTask struct {
	Body  TaskIn `body:""`
	Tasks *Tasks `dep:""`
}

func addTask(_ context.Context, in AddTask) (Task, error) {
	return in.Tasks.Add(in.Body), nil
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

func newApp() *candor.App {
	app := candor.New(candor.Config{Title: "Tasks"})
	candor.ProvideValue(app, &Tasks{})
	candor.Provide(app, currentUser, candor.Raises(ErrUnknownKey))

	group := candor.NewRouter("/tasks", candor.Needs[User]())
	candor.Post(group, "", addTask, candor.Status(201))
	candor.Get(group, "/{id}", readTask, candor.Raises(ErrNoTask))
	app.Include(group)
	return app
}

func main() {
	if err := newApp().Run(":8000"); err != nil {
		log.Fatal(err)
	}
}
