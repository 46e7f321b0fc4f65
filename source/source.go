// Package source reads doc comments, so that a document of an app says what
// they say. A program embeds its own sources and gives them to the app:
//
//	//go:embed *.go
//	var files embed.FS
//
//	app := candor.New(candor.Config{Source: source.Of(files)})
//
// It is a package of its own because a parser of Go is not small: a program
// without it does not link one. It stands on the standard library alone; an app
// asks it for the comment of a function, a type or a field by reflection.
package source

import (
	"io/fs"
	"path"
	"reflect"
	"runtime"
	"strings"
	"sync"
)

// Comments are the doc comments of Go files. They are read on first need, once.
// All methods may be called concurrently.
//
//   - A function, a method and a type is found by its name and its package; a
//     struct also by the names and tags of its fields, so that types without a
//     name and those declared inside of functions are found too. Where two
//     different comments fit, neither is taken.
//   - A field's comment stands above it or after it. A tag doc comes before it.
//   - A type whose constants have comments lists them.
type Comments struct {
	files []fs.FS
	read  func() (*index, error)
}

// Of gives the comments of all Go files in the file systems, at any depth. A
// file below a directory belongs to a package whose import path ends with it;
// one at the top to any package of its name.
func Of(files ...fs.FS) *Comments {
	c := &Comments{files: files}
	c.read = sync.OnceValues(func() (*index, error) { return parse(c.files) })
	return c
}

// Read parses the files. The error names the first that is no Go.
func (c *Comments) Read() error {
	_, err := c.read()
	return err
}

// Func is the comment of a function or method, "" for one without, and for a
// function literal.
func (c *Comments) Func(f *runtime.Func) string {
	all, err := c.read()
	if err != nil || f == nil {
		return ""
	}
	file, _ := f.FileLine(f.Entry())
	name := readSymbol(f.Name())
	return agreed(all.funcs[name.symbol], func(d *declaration) bool {
		// What the compiler has made itself, such as a wrapper of a method, is in no
		// file.
		if path.Ext(file) == ".go" && path.Base(file) != d.file {
			return false
		}
		return d.belongsTo(name.pkg, d.pkg) && d.isNamedLike(name.pkg)
	})
}

// Type is the comment of a type, "" for one without.
func (c *Comments) Type(t reflect.Type) string {
	all, err := c.read()
	if err != nil || t.Name() == "" {
		return ""
	}
	return agreed(all.types[typeKey(t)], func(d *declaration) bool { return d.belongsTo(t.PkgPath(), packageName(t)) })
}

// Field is the comment of a field of a struct, "" for one without.
func (c *Comments) Field(t reflect.Type, name string) string {
	all, err := c.read()
	if err != nil {
		return ""
	}
	var found []*declaration
	for _, d := range all.types[typeKey(t)] {
		if text := d.fields[name]; text != "" && (t.Name() == "" || d.belongsTo(t.PkgPath(), packageName(t))) {
			found = append(found, &declaration{text: text})
		}
	}
	return agreed(found, func(*declaration) bool { return true })
}

// agreed is the text of the declarations that fit, if they agree.
func agreed(all []*declaration, fits func(*declaration) bool) string {
	text := ""
	for _, d := range all {
		if !fits(d) || d.text == "" {
			continue
		}
		// Two comments that differ: either could be meant.
		if text != "" && text != d.text {
			return ""
		}
		text = d.text
	}
	return text
}

// belongsTo reports whether a declaration can be of the package with that path
// and that name.
func (d *declaration) belongsTo(importPath, name string) bool {
	switch {
	case d.pkg != name:
		return false
	case importPath == "main" || importPath == "":
		// The runtime calls a program's package main, whatever its path is.
		return d.pkg == "main"
	}
	return d.dir == "." || d.pkg == "main" || importPath == d.dir || strings.HasSuffix(importPath, "/"+d.dir)
}

// isNamedLike reports whether a package at the top of a file system can have the
// path: its name is in the last step of it that is no version.
func (d *declaration) isNamedLike(importPath string) bool {
	if d.dir != "." || d.pkg == "main" {
		return true
	}
	if last := path.Base(importPath); len(last) > 1 && last[0] == 'v' && strings.Trim(last[1:], "0123456789") == "" {
		importPath = path.Dir(importPath)
	}
	return strings.Contains(path.Base(importPath), strings.TrimSuffix(d.pkg, "_test"))
}

// symbol is a function as the runtime names it.
type symbol struct{ pkg, symbol string }

// readSymbol splits names such as "example.com/shop.(*Shop).Read-fm" and
// "main.list[...]". The name of a literal has no symbol that a file could declare.
func readSymbol(full string) symbol {
	full = strings.TrimSuffix(strings.ReplaceAll(full, "[...]", ""), "-fm")
	slash := strings.LastIndexByte(full, '/') + 1
	pkg, rest, _ := strings.Cut(full[slash:], ".")
	return symbol{pkg: full[:slash] + pkg, symbol: strings.NewReplacer("(*", "", ")", "").Replace(rest)}
}

// packageName is the name of the package that declares a type.
func packageName(t reflect.Type) string {
	text, _, _ := strings.Cut(t.String(), "[")
	pkg, _, _ := strings.Cut(text, ".")
	return pkg
}

// typeKey is what a type and its declaration have in common: the name without
// arguments, and the names and tags of the fields.
func typeKey(t reflect.Type) string {
	name, _, _ := strings.Cut(t.Name(), "[")
	if t.Kind() != reflect.Struct {
		return name
	}
	fields := make([]string, t.NumField())
	for i := range fields {
		f := t.Field(i)
		fieldName, _, _ := strings.Cut(f.Name, "[")
		fields[i] = fieldName + " " + string(f.Tag)
	}
	return structKey(name, fields)
}

func structKey(name string, fields []string) string {
	return name + "{" + strings.Join(fields, "\n") + "}"
}
