//go:build !race

package main

// scripts are all there are.
var scripts []string
