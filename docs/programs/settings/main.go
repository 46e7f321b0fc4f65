package main

import (
	"fmt"
	"os"
	"time"

	"github.com/candor-go/candor"
)

type Settings struct {
	Database string        `env:"DATABASE_URL" validate:"url"`
	Workers  int           `env:"WORKERS" default:"4" validate:"min=1,max=64"`
	Wait     time.Duration `env:"WAIT" default:"5s"`
}

func main() {
	settings, err := candor.FromEnv[Settings](os.LookupEnv)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(settings.Database, settings.Workers, settings.Wait)
}
