// Command lockwarden reviews npm dependency changes.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
)

// Exit codes; the verdict decides between the first three, whatever the
// format.
const (
	exitPass       = 0
	exitBlocked    = 1
	exitUsage      = 2
	exitIncomplete = 3
	exitInterrupt  = 130
)

// exitCode is an outcome that is no error to print.
type exitCode int

func (c exitCode) Error() string { return fmt.Sprintf("exit status %d", int(c)) }

func main() { os.Exit(run(os.Args[1:], os.Stdin, os.Stdout, os.Stderr)) }

// run is main as a function of its surroundings.
func run(args []string, in io.Reader, out, errOut io.Writer) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	root := newRoot(newTerminal(out, errOut), in, out, errOut)
	root.SetArgs(args)
	err := root.ExecuteContext(ctx)
	var code exitCode
	switch {
	case err == nil:
		return exitPass
	case ctx.Err() != nil:
		fmt.Fprintln(errOut, "lockwarden: interrupted")
		return exitInterrupt
	case errors.As(err, &code):
		return int(code)
	}
	fmt.Fprintf(errOut, "lockwarden: %v\n", err)
	return exitUsage
}
