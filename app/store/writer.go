package store

import (
	"context"
	"database/sql/driver"
	"strings"

	"modernc.org/sqlite"
)

// An SQLite file has one writer. Its connections take turns at it here, in the
// order in which they ask: SQLite itself would let them sleep and try again, for up
// to a tenth of a second, and whoever comes next would overtake them.

// turn is the writer's place; whoever has put something in is the writer.
type turn chan struct{}

func (t turn) take(ctx context.Context) error {
	select {
	case t <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (t turn) give() { <-t }

// connector makes connections that take turns.
type connector struct {
	driver.Connector
	turn turn
}

func newConnector(name string, t turn) (driver.Connector, error) {
	base, err := sqlite.NewConnector(name)
	return connector{base, t}, err
}

// Connect implements driver.Connector.
func (c connector) Connect(ctx context.Context) (driver.Conn, error) {
	conn, err := c.Connector.Connect(ctx)
	if err != nil {
		return nil, err
	}
	return &connection{sqliteConn: conn.(sqliteConn), turn: c.turn}, nil
}

// sqliteConn is everything that database/sql asks of SQLite's connections.
type sqliteConn interface {
	driver.Conn
	driver.ConnBeginTx
	driver.ConnPrepareContext
	driver.ExecerContext
	driver.QueryerContext
	driver.Pinger
	driver.SessionResetter
	driver.Validator
}

// connection is one that takes its turn for each transaction, and for each
// statement outside of one that may write.
type connection struct {
	sqliteConn
	turn turn
	// in is set within a transaction.
	in bool
}

// Unwrap is for the driver, which looks for its own connection.
func (c *connection) Unwrap() driver.Conn { return c.sqliteConn }

// BeginTx implements driver.ConnBeginTx.
func (c *connection) BeginTx(ctx context.Context, o driver.TxOptions) (driver.Tx, error) {
	if err := c.turn.take(ctx); err != nil {
		return nil, err
	}
	tx, err := c.sqliteConn.BeginTx(ctx, o)
	if err != nil {
		c.turn.give()
		return nil, err
	}
	c.in = true
	return &turnTx{tx, c}, nil
}

func (c *connection) end() {
	if c.in {
		c.in = false
		c.turn.give()
	}
}

// Close implements driver.Conn.
func (c *connection) Close() error {
	defer c.end()
	return c.sqliteConn.Close()
}

type turnTx struct {
	driver.Tx
	c *connection
}

// Commit implements driver.Tx. Where it fails, the driver has rolled back.
func (t *turnTx) Commit() error {
	defer t.c.end()
	return t.Tx.Commit()
}

// Rollback implements driver.Tx.
func (t *turnTx) Rollback() error {
	defer t.c.end()
	return t.Tx.Rollback()
}

// ExecContext implements driver.ExecerContext.
func (c *connection) ExecContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Result, error) {
	if c.in {
		return c.sqliteConn.ExecContext(ctx, query, args)
	}
	if err := c.turn.take(ctx); err != nil {
		return nil, err
	}
	defer c.turn.give()
	return c.sqliteConn.ExecContext(ctx, query, args)
}

// QueryContext implements driver.QueryerContext: "UPDATE … RETURNING" writes too,
// until its rows are closed.
func (c *connection) QueryContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Rows, error) {
	if c.in || reads(query) {
		return c.sqliteConn.QueryContext(ctx, query, args)
	}
	if err := c.turn.take(ctx); err != nil {
		return nil, err
	}
	rows, err := c.sqliteConn.QueryContext(ctx, query, args)
	if err != nil {
		c.turn.give()
		return nil, err
	}
	return &turnRows{rows, c.turn}, nil
}

type turnRows struct {
	driver.Rows
	turn turn
}

// Close implements driver.Rows; database/sql calls it once.
func (r *turnRows) Close() error {
	defer r.turn.give()
	return r.Rows.Close()
}

// reads reports whether a statement only reads, behind the comments that River's
// statements begin with.
func reads(query string) bool {
	for query = strings.TrimSpace(query); strings.HasPrefix(query, "--"); query = strings.TrimSpace(query) {
		_, query, _ = strings.Cut(query, "\n")
	}
	return len(query) > 6 && strings.EqualFold(query[:6], "SELECT")
}
