package strictjson

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
)

// Bind copies v, a value from [Parse], into the struct, slice, map or pointer that
// dst points to, by the fields' json tags. It is strict: a member that no field
// names is an error, and so is a member of another type. null is refused but for
// fields of type any.
func Bind(v any, dst any) error {
	return bind(v, reflect.ValueOf(dst).Elem(), "")
}

var (
	objectType = reflect.TypeFor[Object]()
	anyType    = reflect.TypeFor[any]()
	numberType = reflect.TypeFor[Number]()
)

func bind(v any, dst reflect.Value, path string) error {
	wrong := func(want string) error {
		return &Error{Reason: WrongType, Member: path, Detail: "is " + kind(v) + ", want " + want}
	}
	switch dst.Type() {
	case anyType:
		if v != nil {
			dst.Set(reflect.ValueOf(v))
		}
		return nil
	case objectType:
		o, ok := v.(Object)
		if !ok {
			return wrong("an object")
		}
		dst.Set(reflect.ValueOf(o))
		return nil
	case numberType:
		n, ok := v.(Number)
		if !ok {
			return wrong("a number")
		}
		dst.Set(reflect.ValueOf(n))
		return nil
	}
	switch dst.Kind() {
	case reflect.Pointer:
		p := reflect.New(dst.Type().Elem())
		if err := bind(v, p.Elem(), path); err != nil {
			return err
		}
		dst.Set(p)
	case reflect.String:
		s, ok := v.(string)
		if !ok {
			return wrong("a string")
		}
		dst.SetString(s)
	case reflect.Bool:
		b, ok := v.(bool)
		if !ok {
			return wrong("a boolean")
		}
		dst.SetBool(b)
	case reflect.Int, reflect.Int64:
		n, ok := v.(Number)
		if !ok {
			return wrong("a number")
		}
		i, ok := n.Int64()
		if !ok {
			return &Error{Reason: NumberRange, Member: path, Detail: string(n) + " is no whole number within 2^53"}
		}
		dst.SetInt(i)
	case reflect.Slice:
		a, ok := v.([]any)
		if !ok {
			return wrong("an array")
		}
		s := reflect.MakeSlice(dst.Type(), len(a), len(a))
		for i, e := range a {
			if err := bind(e, s.Index(i), path+"["+strconv.Itoa(i)+"]"); err != nil {
				return err
			}
		}
		dst.Set(s)
	case reflect.Map:
		return bindMap(v, dst, path)
	case reflect.Struct:
		o, ok := v.(Object)
		if !ok {
			return wrong("an object")
		}
		return bindStruct(o, dst, path)
	default:
		return &Error{Reason: Unsupported, Member: path, Detail: fmt.Sprintf("Go type %s", dst.Type())}
	}
	return nil
}

func bindMap(v any, dst reflect.Value, path string) error {
	o, ok := v.(Object)
	if !ok {
		return &Error{Reason: WrongType, Member: path, Detail: "is " + kind(v) + ", want an object"}
	}
	m := reflect.MakeMapWithSize(dst.Type(), len(o))
	for _, name := range o.Names() {
		e := reflect.New(dst.Type().Elem()).Elem()
		if err := bind(o[name], e, join(path, name)); err != nil {
			return err
		}
		m.SetMapIndex(reflect.ValueOf(name), e)
	}
	dst.Set(m)
	return nil
}

func bindStruct(o Object, dst reflect.Value, path string) error {
	t := dst.Type()
	known := 0
	for _, f := range fieldsOf(t) {
		v, ok := o[f.name]
		if !ok {
			continue
		}
		known++
		if err := bind(v, dst.Field(f.index), join(path, f.name)); err != nil {
			return err
		}
	}
	if known == len(o) {
		return nil
	}
	for _, name := range o.Names() {
		if !hasField(t, name) {
			return &Error{Reason: Unknown, Member: join(path, name), Detail: "no such member is known"}
		}
	}
	return nil
}

func hasField(t reflect.Type, name string) bool {
	return slices.ContainsFunc(fieldsOf(t), func(f field) bool { return f.name == name })
}

func join(path, name string) string {
	if path == "" {
		return name
	}
	return path + "." + name
}

// field is a struct's field that JSON has, and when it is left out: "omitempty", or
// "omitzero", which keeps a list that is there and empty.
type field struct {
	index      int
	name, omit string
}

// fieldLists are the fields of the struct types seen so far. A program has few such
// types, and reading a tag costs more than reading a member.
var fieldLists atomic.Pointer[map[reflect.Type][]field]

func fieldsOf(t reflect.Type) []field {
	known := fieldLists.Load()
	if known != nil {
		if list, ok := (*known)[t]; ok {
			return list
		}
	}
	list := []field{}
	for i := range t.NumField() {
		f := t.Field(i)
		name, omit, _ := strings.Cut(f.Tag.Get("json"), ",")
		if name != "" && name != "-" && f.IsExported() {
			list = append(list, field{i, name, omit})
		}
	}
	// A copy takes the place of the map that others may be reading. What two of them add
	// at once is added again when it is next wanted.
	grown := map[reflect.Type][]field{t: list}
	if known != nil {
		maps.Copy(grown, *known)
	}
	fieldLists.Store(&grown)
	return list
}

// From turns a struct, slice or map into a value that [Encode] writes, by the
// fields' json tags. It is the inverse of [Bind].
func From(src any) any {
	return from(reflect.ValueOf(src))
}

func from(v reflect.Value) any {
	if !v.IsValid() {
		return nil
	}
	switch x := v.Interface().(type) {
	case Object, Number:
		return x
	}
	switch v.Kind() {
	case reflect.Pointer, reflect.Interface:
		if v.IsNil() {
			return nil
		}
		return from(v.Elem())
	case reflect.String:
		return v.String()
	case reflect.Bool:
		return v.Bool()
	case reflect.Int, reflect.Int64:
		return Number(strconv.FormatInt(v.Int(), 10))
	case reflect.Slice:
		a := make([]any, v.Len())
		for i := range a {
			a[i] = from(v.Index(i))
		}
		return a
	case reflect.Map:
		o := make(Object, v.Len())
		for it := v.MapRange(); it.Next(); {
			o[it.Key().String()] = from(it.Value())
		}
		return o
	case reflect.Struct:
		o := Object{}
		for _, f := range fieldsOf(v.Type()) {
			m := v.Field(f.index)
			if f.omit == "omitempty" && empty(m) || f.omit == "omitzero" && m.IsZero() {
				continue
			}
			o[f.name] = from(m)
		}
		return o
	}
	return v.Interface() // the writer says what it cannot write
}

func empty(v reflect.Value) bool {
	switch v.Kind() {
	case reflect.Slice, reflect.Map:
		return v.Len() == 0
	}
	return v.IsZero()
}
