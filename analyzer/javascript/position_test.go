package javascript_test

import (
	"strings"
	"testing"
)

// TestEveryPosition: a call is seen wherever the language has an expression.
func TestEveryPosition(t *testing.T) {
	for _, form := range []string{
		"%", "(0, %)", "[%]", "({ a: % })", "({ [%]: 1 })", "({ ...% })", "[...%]", "({ [%]() {} })", "({ get [%]() {} })", "`${%}`", "x`${%}`", "%`x`", "x(%)", "x(...%)", "x?.(%)", "x?.[%]", "x[%]", "new x(%)", "new (%)()", "new (%)",
		"% ? 1 : 2", "x ? % : 1", "x || %", "x && %", "x ?? %", "x ||= %", "x += %", "x **= %", "% ** 2", "% in x", "x instanceof %", "% == 1", "!%", "-%", "+%", "~%", "void %", "typeof %", "delete %.x", "delete x[%]", "%.x++", "++x[%]", "%, 1", "(%).x = 1", "x[%] = 1",
		"throw %", "return %", "if (%) ;", "if (x) %; else 1", "if (x) ; else %", "for (%;;) break", "for (;%;) break", "for (;;%) break", "for (let a = %;;) break", "for (a in %) ;", "for (a of %) ;", "for (%.x of y) ;", "for (x[%] in y) ;", "for (let { a = % } of y) ;", "for ([a = %] of y) ;", "for (var a = % in y) ;", "while (%) break", "do ; while (%)",
		"switch (%) {}", "switch (x) { case %: }", "switch (x) { case 1: % }", "switch (x) { default: % }", "with (%) x", "with (x) %", "a: %", "{ % }", "try { % } catch {}", "try { x() } catch (e) { % }", "try {} finally { % }", "try { x() } catch ({ a = % }) {}", "try { x() } catch ([a = %]) {}", "try { x() } catch ({ [%]: a }) {}",
		"var a = %", "let { a = % } = x", "let [a = %] = x", "let { [%]: a } = x", "let { b: { a = % } } = x", "var { ...a } = %", "({ a = % } = x)", "([a = %] = x)", "({ [%]: a } = x)", "({ a: x[%] } = y)", "[x[%]] = y", "[...x[%]] = y", "({ ...x[%] } = y)", "const a = %", "{ using a = % }", "(async () => { await using a = % })()",
		"(() => %)()", "((a = %) => 1)()", "(({ a = % }) => 1)({})", "(([a = %]) => 1)([])", "((...[a = %]) => 1)()", "(function (a = %) {})()", "(async () => await %)()", "[...function* () { yield % }()]", "[...function* () { yield* % }()]", "(function () { return % })()", "(function () { for (;;) return % })()",
		"class A extends % {}", "class A { [%]() {} }", "class A { [%] = 1 }", "class A { static [%] }", "class A { static a = % }", "class A { static { % } }", "class A { static #a = % }", "new (class { a = % })()", "new (class { #a = % })()", "new (class { constructor() { % } })()", "new (class { constructor(a = %) {} })()", "class A { static get [%]() {} }", "(class extends (%) {})", "class A { accessor [%] = 1 }", "class A { static accessor a = % }",
		"@(%) class A {}", "@x(%) class A {}", "class A { @(%) m() {} }", "class A { @x(%) a }", "class A { @x(%) static a() {} }", "class A { @x(%) accessor a }",
		"import(%)", "import(x, %)", "import(x, { with: % })", "import('x', %)", "import.meta[%]", "new.target?.[%]",
		"var a = <A b={%}/>", "var a = <A {...%}/>", "var a = <A>{%}</A>", "var a = <A>{...%}</A>", "var a = <A b=<B c={%}/>/>", "var a = <>{%}</>",
		"export default %", "export const a = %", "export let { a = % } = x", "export default class { static a = % }", "export default [%]", "await %", "for await (const a of %) ;", "await import(%)", "export class A { static [%] }", "export { a as b }; let a = %",
		"ts enum A { a = % }", "ts namespace A { % }", "ts namespace A { export const a = % }", "ts export = %", "ts (% as any)", "ts <any>%", "ts %!", "ts %! .x", "ts % satisfies x", "ts class A { constructor(@x(%) a) {} }", "ts class A { @x(%) m() {} }", "ts new (class { constructor(private a = %) {} })()", "ts enum A { [`a`] = % }", "ts abstract class A { static a = % }", "ts let a: number = %", "ts x<y>(%)",
	} {
		name := "index.mjs"
		form, isTypeScript := strings.CutPrefix(form, "ts ")
		switch {
		case isTypeScript:
			name = "index.ts"
		case !strings.Contains(form, "export") && !strings.HasPrefix(form, "await ") && !strings.HasPrefix(form, "for await"):
			name = "index.js"
		}
		code := "const net = process.getBuiltinModule('net');\n" + strings.Replace(form, "%", "net.connect(1)", 1)
		facts := analyze(t, name, code, "package.json", `{"main": "`+name+`"}`)
		if _, found := calls(facts)["net.connect"]; !found {
			t.Errorf("not seen in %s", form)
		}
	}
}
