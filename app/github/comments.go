package github

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	gh "github.com/google/go-github/v60/github"
	"golang.org/x/sync/errgroup"

	"github.com/lockwarden/lockwarden/app/comment"
)

// maxComments bounds the comments of each kind that are read of one pull request.
const maxComments = 10_000

// Conversation is a pull request with everything that people wrote in it.
type Conversation struct {
	Pull     Pull
	Comments []comment.Comment
}

// Conversation reads a pull request, its comments, its reviews and, where it has
// any or lines says so, the comments on its lines. More than 10,000 of a kind are
// an error: a revocation may be among those that are not read. Only of comments
// that speak is it asked when they were edited, where that takes a request.
func (r *Repository) Conversation(ctx context.Context, number int, lines bool, speaks func(body string) bool) (Conversation, error) {
	var out Conversation
	var said, reviews, onLines []comment.Comment
	g, asking := errgroup.WithContext(ctx)
	g.Go(func() (err error) {
		if out.Pull, err = r.Pull(asking, number); err != nil || !lines && out.Pull.OnLines == 0 {
			return err
		}
		onLines, err = r.onLines(asking, number)
		return err
	})
	g.Go(func() (err error) { said, err = r.said(asking, number); return err })
	g.Go(func() (err error) { reviews, err = r.reviews(asking, number); return err })
	if err := g.Wait(); err != nil {
		return out, err
	}
	// What is written in a review can be read when the review is there.
	submitted := map[int64]time.Time{}
	for i := range reviews {
		submitted[reviews[i].ID] = reviews[i].Created
	}
	for i := range onLines {
		onLines[i].Published = submitted[onLines[i].Review]
	}
	out.Comments = append(append(said, onLines...), reviews...)
	return out, r.edits(ctx, out.Comments, speaks)
}

// pages reads all pages of comments, the oldest first.
func pages[T any](ctx context.Context, what string, list func(ctx context.Context, page gh.ListOptions) ([]T, *gh.Response, error),
	read func(T) (comment.Comment, bool)) ([]comment.Comment, error) {
	var out []comment.Comment
	opts := gh.ListOptions{PerPage: 100}
	for {
		some, answer, err := list(ctx, opts)
		if err != nil {
			return nil, err
		}
		for _, one := range some {
			if c, ok := read(one); ok {
				out = append(out, c)
			}
		}
		if answer.NextPage == 0 {
			return out, nil
		}
		if len(out) >= maxComments {
			return nil, fmt.Errorf("there are more than %d %s", maxComments, what)
		}
		opts.Page = answer.NextPage
	}
}

// issueComment has what the library leaves out: the App that somebody let write it.
type issueComment struct {
	gh.IssueComment
	Via *struct {
		Slug string `json:"slug"`
	} `json:"performed_via_github_app"`
}

// said are the comments of the conversation.
// Source: https://docs.github.com/rest/issues/comments#list-issue-comments
func (r *Repository) said(ctx context.Context, number int) ([]comment.Comment, error) {
	list := func(ctx context.Context, page gh.ListOptions) (some []*issueComment, answer *gh.Response, err error) {
		request, err := r.client.NewRequest(http.MethodGet, fmt.Sprintf("repos/%s/%s/issues/%d/comments?per_page=%d&page=%d", r.Owner, r.Name,
			number, page.PerPage, max(page.Page, 1)), nil)
		if err == nil {
			answer, err = r.client.Do(ctx, request, &some)
		}
		return some, answer, err
	}
	out, err := pages(ctx, "comments", list, func(c *issueComment) (comment.Comment, bool) {
		one := comment.Comment{ID: c.GetID(), Node: c.GetNodeID(), Author: c.GetUser().GetLogin(), Bot: nobody(c.GetUser()), Body: c.GetBody(),
			Created: c.GetCreatedAt().Time, Updated: c.GetUpdatedAt().Time, URL: c.GetHTMLURL()}
		if c.Via != nil {
			one.Via = c.Via.Slug
		}
		return one, true
	})
	return out, r.explain("comments", err)
}

// nobody reports whether words are no person's with an account: a bot's, or those of
// somebody whose comments were brought from another GitHub, where the same name may
// be another person's.
// Source: https://docs.github.com/migrations/using-github-enterprise-importer/completing-your-migration-with-github-enterprise-importer/reclaiming-mannequins-for-github-enterprise-importer
func nobody(u *gh.User) bool { return u.GetType() != "" && u.GetType() != "User" }

// onLines are the comments on lines of the diff.
// Source: https://docs.github.com/rest/pulls/comments#list-review-comments-on-a-pull-request
func (r *Repository) onLines(ctx context.Context, number int) ([]comment.Comment, error) {
	list := func(ctx context.Context, page gh.ListOptions) ([]*gh.PullRequestComment, *gh.Response, error) {
		return r.client.PullRequests.ListComments(ctx, r.Owner, r.Name, number, &gh.PullRequestListCommentsOptions{ListOptions: page})
	}
	out, err := pages(ctx, "comments on lines", list, func(c *gh.PullRequestComment) (comment.Comment, bool) {
		return comment.Comment{Kind: comment.OnLine, ID: c.GetID(), Node: c.GetNodeID(), Author: c.GetUser().GetLogin(),
			Bot: nobody(c.GetUser()), Body: c.GetBody(),
			Created: c.GetCreatedAt().Time, Updated: c.GetUpdatedAt().Time, URL: c.GetHTMLURL(), Review: c.GetPullRequestReviewID()}, true
	})
	return out, r.explain("comments on lines", err)
}

// reviews are what stands above the comments of reviews. One that is not submitted
// yet is its author's alone. That there is none is no error: the pull request
// itself says whether it is there.
// Source: https://docs.github.com/rest/pulls/reviews#list-reviews-for-a-pull-request
func (r *Repository) reviews(ctx context.Context, number int) ([]comment.Comment, error) {
	list := func(ctx context.Context, page gh.ListOptions) ([]*gh.PullRequestReview, *gh.Response, error) {
		return r.client.PullRequests.ListReviews(ctx, r.Owner, r.Name, number, &page)
	}
	out, err := pages(ctx, "reviews", list, func(c *gh.PullRequestReview) (comment.Comment, bool) {
		return comment.Comment{Kind: comment.InReview, ID: c.GetID(), Node: c.GetNodeID(), Author: c.GetUser().GetLogin(),
			Bot: nobody(c.GetUser()), Body: c.GetBody(),
			Created: c.GetSubmittedAt().Time, URL: c.GetHTMLURL()}, c.GetState() != "PENDING"
	})
	if err = r.explain("reviews", err); errors.Is(err, ErrGone) {
		return nil, nil
	}
	return out, err
}

// reactions are GitHub's names for GraphQL.
var reactions = map[string]string{"+1": "THUMBS_UP", "confused": "CONFUSED", "eyes": "EYES"}

// React puts a reaction on a comment; a second one of the same kind is none. The
// body of a review takes one by GraphQL only.
// Sources: https://docs.github.com/rest/reactions/reactions,
// https://docs.github.com/graphql/reference/interfaces#reactable
func (r *Repository) React(ctx context.Context, c *comment.Comment, content string) error {
	var err error
	switch c.Kind {
	case comment.OnLine:
		_, _, err = r.client.Reactions.CreatePullRequestCommentReaction(ctx, r.Owner, r.Name, c.ID, content)
	case comment.InReview:
		const mutation = "mutation($on: ID!, $what: ReactionContent!) { addReaction(input: {subjectId: $on, content: $what}) { " +
			"clientMutationId } }"
		_, err = r.graphql(ctx, mutation, map[string]any{"on": c.Node, "what": reactions[content]}, nil)
	default:
		_, _, err = r.client.Reactions.CreateIssueCommentReaction(ctx, r.Owner, r.Name, c.ID, content)
	}
	if err = r.explain("reaction", err); errors.Is(err, ErrGone) {
		return nil // the comment was deleted
	}
	return err
}

// Reply writes a comment, or edits the one of that id.
func (r *Repository) Reply(ctx context.Context, number int, id int64, body string) (int64, error) {
	if id != 0 {
		_, _, err := r.client.Issues.EditComment(ctx, r.Owner, r.Name, id, &gh.IssueComment{Body: &body})
		if err = r.explain("reply", err); !errors.Is(err, ErrGone) {
			return id, err
		}
	}
	c, _, err := r.client.Issues.CreateComment(ctx, r.Owner, r.Name, number, &gh.IssueComment{Body: &body})
	return c.GetID(), r.explain("reply", err)
}
