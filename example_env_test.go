package candor_test

import (
	"fmt"

	"github.com/candor-go/candor"
)

func ExampleFromEnv() {
	type Settings struct {
		Database string   `env:"DATABASE_URL" validate:"url"`
		Workers  int      `env:"WORKERS" default:"4" validate:"min=1,max=64"`
		Origins  []string `env:"ORIGINS,omitempty"`
	}
	environment := map[string]string{"WORKERS": "100", "ORIGINS": "https://a.example,https://b.example"}
	lookup := func(name string) (string, bool) { // a real program passes os.LookupEnv
		value, ok := environment[name]
		return value, ok
	}

	_, err := candor.FromEnv[Settings](lookup)
	fmt.Println(err)

	environment["DATABASE_URL"], environment["WORKERS"] = "postgres://db.example/shop", "8"
	settings, err := candor.FromEnv[Settings](lookup)
	fmt.Println(settings, err)
	// Output:
	// settings are wrong
	// 	DATABASE_URL: Field required
	// 	WORKERS: Must be less than or equal to 64
	// {postgres://db.example/shop 8 [https://a.example https://b.example]} <nil>
}
