// Command bench measures lockwarden on real packages against its peers and
// against the floor, and writes a report in Markdown:
//
//	go run ./bench > bench/RESULTS.md
//
// It fetches the packages of bench/corpus into a cache of its own first; the
// peers (npm's Arborist, js-x-ray) come from npm into the same folder. All
// figures of one report are of one run on one machine; the ratios are what to
// compare.
package main

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"time"

	"github.com/lockwarden/lockwarden/analyzer"
)

func main() {
	if len(os.Args) > 1 && os.Args[1] == "worker" {
		if err := analyzer.ServeWorker(os.Stdin, os.Stdout); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	if len(os.Args) > 2 && os.Args[1] == "serve" {
		if err := serveLoad(os.Args[2:]); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	folder := flag.String("cache", "bench/out", "folder for packages and peers")
	limit := flag.Int("packages", 0, "measure only the first N packages")
	scans := flag.Bool("scans", true, "measure whole scans")
	peers := flag.Bool("peers", true, "compare with js-x-ray and Arborist (needs node and npm)")
	peerLimit := flag.Duration("peer-limit", 5*time.Minute, "stop js-x-ray after so long on one group of scripts")
	profile := flag.String("profile", "", "instead, write a processor profile of the engine on small scripts to this file")
	loaded := flag.Int("load", 0, "instead, open so many pull requests on the App (DATABASE_URL: on PostgreSQL)")
	rate := flag.Int("rate", 100, "pull requests a second for -load")
	repos := flag.Int("repos", 200, "repositories for -load")
	latency := flag.Duration("latency", 0, "how long each request to GitHub takes for -load, such as 250ms")
	replicas := flag.Int("replicas", 1, "server processes for -load (more than one: PostgreSQL)")
	even := flag.Int("installations", 0, "spread -load evenly over so many installations, instead of half of it in one noisy one")
	limits := flag.Bool("limits", false, "let -load's server keep github.com's limits, as it does nowhere else")
	distance := flag.Duration("database-distance", 0, "how long each byte to and from PostgreSQL takes for -load, such as 20ms")
	flag.Parse()
	if *loaded > 0 {
		l := loading{folder: *folder, database: os.Getenv("DATABASE_URL"), pulls: *loaded, rate: *rate, repos: *repos, replicas: *replicas, latency: *latency,
			installations: *even, limits: *limits, distance: *distance}
		if err := l.run(); err != nil {
			fmt.Fprintln(os.Stderr, "bench:", err)
			os.Exit(1)
		}
		return
	}
	if err := run(*folder, *limit, *scans, *peers, *peerLimit, *profile); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run(folder string, limit int, scans, peers bool, peerLimit time.Duration, profile string) error {
	folder, err := filepath.Abs(folder)
	if err != nil {
		return err
	}
	c, err := fetch(folder, limit)
	if err != nil {
		return err
	}
	if profile != "" {
		return c.profile(profile)
	}
	fmt.Printf("# Measurements\n\n`go run ./bench`, %s, %s, %d processors, %s\n\n", time.Now().Format("2006-01-02"), runtime.Version(), runtime.NumCPU(), runtime.GOARCH)
	fmt.Printf("Corpus: %d packages of %d ordinary applications (`bench/corpus`), %.1f MB of tarballs, %.1f MB unpacked.\n\n", len(c.tarballs), c.lockfiles, mb(c.packed), mb(c.unpacked))
	if scans {
		floor, err := c.floor()
		if err != nil {
			return err
		}
		if err := c.scans(folder, floor); err != nil {
			return err
		}
	}
	if peers {
		if err := c.xray(folder, peerLimit); err != nil {
			return err
		}
		return arborist(folder)
	}
	return nil
}

func mb(n int64) float64 { return float64(n) / 1e6 }
