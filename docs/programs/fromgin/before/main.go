package main

import (
	"log"
	"net/http"
	"strconv"
	"sync"

	"github.com/gin-gonic/gin"
)

type Task struct {
	ID    int    `json:"id"`
	Title string `json:"title" binding:"required,max=50"`
	Done  bool   `json:"done"`
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

func authenticate(c *gin.Context) {
	if c.GetHeader("X-Key") != "sesame" {
		c.AbortWithStatusJSON(http.StatusUnauthorized, gin.H{"error": "unknown key"})
		return
	}
	c.Set("user", "ann")
}

func newEngine(tasks *Tasks) *gin.Engine {
	gin.SetMode(gin.ReleaseMode)
	engine := gin.New()
	group := engine.Group("/tasks", authenticate)
	group.POST("", func(c *gin.Context) {
		var task Task
		if err := c.ShouldBindJSON(&task); err != nil {
			c.JSON(http.StatusBadRequest, gin.H{"error": err.Error()})
			return
		}
		c.JSON(http.StatusCreated, tasks.Add(task))
	})
	group.GET("/:id", func(c *gin.Context) {
		id, err := strconv.Atoi(c.Param("id"))
		if err != nil {
			c.JSON(http.StatusBadRequest, gin.H{"error": "the id is not a number"})
			return
		}
		task, ok := tasks.Find(id)
		if !ok {
			c.JSON(http.StatusNotFound, gin.H{"error": "task not found"})
			return
		}
		c.JSON(http.StatusOK, task)
	})
	return engine
}

func main() {
	log.Fatal(http.ListenAndServe(":8000", newEngine(&Tasks{})))
}
