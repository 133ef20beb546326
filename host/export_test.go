package host

// Compiled is where all tests of a run keep compiled code.
var Compiled = compiled
