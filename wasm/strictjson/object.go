package strictjson

// Has reports whether o has a member of that name, null included.
func (o Object) Has(name string) bool { _, ok := o[name]; return ok }

// String returns a member that is a string, else "".
func (o Object) String(name string) string { s, _ := o[name].(string); return s }

// Object returns a member that is an object, else nil.
func (o Object) Object(name string) Object { m, _ := o[name].(Object); return m }

// Array returns a member that is an array, else nil.
func (o Object) Array(name string) []any { a, _ := o[name].([]any); return a }

// Without returns a copy of o less the named members. Values are shared.
func (o Object) Without(names ...string) Object {
	c := make(Object, len(o))
	for k, v := range o {
		c[k] = v
	}
	for _, n := range names {
		delete(c, n)
	}
	return c
}

// Clone returns a deep copy of a value from [Parse].
func Clone(v any) any {
	switch v := v.(type) {
	case Object:
		c := make(Object, len(v))
		for k, m := range v {
			c[k] = Clone(m)
		}
		return c
	case []any:
		c := make([]any, len(v))
		for i, m := range v {
			c[i] = Clone(m)
		}
		return c
	}
	return v
}

// kind names a value's type, for messages.
func kind(v any) string {
	switch v.(type) {
	case nil:
		return "null"
	case bool:
		return "a boolean"
	case string:
		return "a string"
	case Number, float64, int, int64:
		return "a number"
	case []any:
		return "an array"
	case Object:
		return "an object"
	}
	return "no JSON value"
}
