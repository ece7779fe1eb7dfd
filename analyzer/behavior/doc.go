// Package behavior decides what a package can do: it turns the Facts of its
// scripts into behaviors, neutral statements such as "opens a TCP connection".
//
// What an API means is data: one map a category (network.map, execution.map,
// …), one stanza a behavior. A stanza begins with the behavior's id; its lines
// begin with one of these words:
//
//	call new read set delete enumerate extends API…   a use of a member path; set API=value
//	module NAME      every call of a package's member, unless another stanza of the category names it
//	option API COND  a call or new whose arguments fulfil COND
//	unless API COND  takes back a call that fulfils COND
//	safe API…        never counts here
//	unknown MODULE   a member of the module that the code chooses at run time; likely
//	dynamic require  a module that the code chooses at run time
//	compare API…     a comparison of what it gives
//	like ID          the uses of another stanza, with this one's flows and checks
//	variable WORD…   a read of an environment variable whose name has the word
//	property NAME[=VALUE]  a property of that name in an object of the package
//	command WORD…    a program that is started, with these words in this order
//	script WORD…     any of these programs in a lifecycle script
//	program API… / shell API…  APIs that start programs: by words, by a shell text
//	text NEEDLE      a constant text that contains it; * stands for anything
//	host HOST…       a constant text that names the host
//	file NAME        code that loads a file of that name
//	source MARK      what the stanza's APIs give, and its commands print, is marked as coming from there;
//	                 of a "set", the arguments of the function that is put in the API's place
//	only marks       the stanza finds nothing by itself
//	flow MARK        the stanza's uses count only with an argument so marked
//	check NAME       the stanza's uses count only if the Go function of that name agrees
//	derive ID… in CONTEXT…  holds where one of the others holds in one of the contexts
//	code NAME        found by the Go function of that name (code.go)
//
// A COND is about an argument: 0.path (its property exists), 0.shell=true,
// 0=script, 0~/ (its text begins so), 0:process.env (it is that API).
// Adding a behavior: a stanza, templates/behavior/<id>.md, testdata/<id>.txtar.
package behavior
