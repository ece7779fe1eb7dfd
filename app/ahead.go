package app

import (
	"context"

	"github.com/lockwarden/lockwarden/app/comment"
	"github.com/lockwarden/lockwarden/app/github"
	"github.com/lockwarden/lockwarden/app/policy"
	"github.com/lockwarden/lockwarden/app/record"
	"github.com/lockwarden/lockwarden/app/webhook"
)

// ahead asks GitHub at once for what a step of a job is going to ask for one
// after another. Errors are for whoever asks then.
func ahead(ctx context.Context, asks ...func(context.Context)) context.Context {
	ctx = github.Once(ctx)
	for _, ask := range asks {
		go ask(ctx)
	}
	return ctx
}

// judgedAhead asks for what a judgment reads. It must hold the thread's lease:
// what another judgment reads later must not be posted before it.
func (s *Server) judgedAhead(ctx context.Context, job webhook.Job, head record.Head, policed bool) context.Context {
	repo := s.repository(job)
	var asks []func(context.Context)
	if number := max(job.Pull, job.Follows); number > 0 {
		asks = append(asks, func(ctx context.Context) {
			said, _ := s.conversation(ctx, job, number)
			deciding := comment.Thread{Slug: s.c.Slug, Comments: said.Comments}
			for _, login := range deciding.Deciders() {
				go func() { _, _ = repo.Permission(ctx, login) }()
			}
		})
	}
	if policed {
		asks = append(asks, func(ctx context.Context) { _, _, _ = repo.Content(ctx, policy.Path, job.Branch) })
	}
	if head.Posted == "" {
		asks = append(asks, s.check(job).Ahead)
	}
	return ahead(ctx, asks...)
}
