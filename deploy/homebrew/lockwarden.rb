# Homebrew's formula, for the tap lockwarden/homebrew-tap. A release adds its
# source archive here: url, and sha256 from the release's checksums.txt.
class Lockwarden < Formula
  desc "Review npm dependency changes: what came in, what it does, what is wrong"
  homepage "https://github.com/lockwarden/lockwarden"
  license "Apache-2.0"
  head "https://github.com/lockwarden/lockwarden.git", branch: "main"

  depends_on "go" => :build

  def install
    ENV["CGO_ENABLED"] = "0"
    released = build.head? ? "HEAD" : version
    system "go", "build", *std_go_args(ldflags: "-s -w -X main.released=#{released}"), "./cmd/lockwarden"
    generate_completions_from_executable(bin/"lockwarden", "completion")
  end

  test do
    (testpath/"package-lock.json").write <<~JSON
      {
        "lockfileVersion": 3,
        "packages": {
          "": { "dependencies": { "a": "1.0.0" } },
          "node_modules/a": { "version": "1.0.0" }
        }
      }
    JSON
    assert_match "a@1.0.0", shell_output("#{bin}/lockwarden list package-lock.json")
  end
end
