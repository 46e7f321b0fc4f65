// Command cycles measures a package: its files, its names, and the cycles between its files, including methods and fields.
// Run it with
//
//	go run ./.ci/cycles [-v] [DIR]
//
// With -v it prints the references between the files of each cycle, and the types whose methods are in several files.
package main

import (
	"flag"
	"fmt"
	"log"
	"maps"
	"slices"
	"strings"

	"github.com/candor-go/candor/internal/filegraph"
)

func main() {
	verbose := flag.Bool("v", false, "print the uses that make the cycles, and the files of each type's methods")
	flag.Parse()
	dir := "."
	if flag.NArg() > 0 {
		dir = flag.Arg(0)
	}
	source, err := filegraph.Read(dir)
	if err != nil {
		log.Fatal(err)
	}
	exported, private := source.Names()
	fmt.Printf("%d files, %d exported and %d private names\n", len(source.Trees), exported, private)
	uses := source.Uses()
	for _, cycle := range filegraph.Cycles(uses) {
		fmt.Printf("a cycle of %d files: %s\n", len(cycle), strings.Join(cycle, " "))
		if *verbose {
			printUses(cycle, uses)
		}
	}
	if *verbose {
		printHomes(source.Homes())
	}
}

func printUses(cycle []string, uses map[string]map[string][]string) {
	for _, from := range cycle {
		for _, to := range cycle {
			if names := uses[from][to]; len(names) > 0 {
				fmt.Printf("  %s uses of %s: %s\n", from, to, strings.Join(slices.Sorted(slices.Values(names)), " "))
			}
		}
	}
}

func printHomes(homes map[string][]string) {
	for _, name := range slices.Sorted(maps.Keys(homes)) {
		if len(homes[name]) > 1 {
			fmt.Printf("the methods of %s are in %s\n", name, strings.Join(homes[name], " "))
		}
	}
}
