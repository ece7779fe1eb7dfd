package shell
import ("testing";"fmt";"os";"github.com/lockwarden/lockwarden/analyzer/npm";"path")
func TestZZ(t *testing.T){
 p:=&Package{Manifest:&npm.Manifest{Scripts:map[string]npm.Script{"postinstall":{Command:os.Getenv("C"),Line:1}}},Read:func(n string)([]byte,bool){b,err:=os.ReadFile(path.Join("/tmp/w-shell/pkg",n));return b,err==nil}}
 r:=p.Install(false)
 for _,c:=range r.Commands {fmt.Printf("%q given=%q in=%q piped=%q out=%q dir=%q bg=%v %s:%d\n",c.Words,c.Given,c.Input,c.Piped,c.Output,c.Dir,c.Background,c.File,c.Line)}
 for _,s:=range r.Scripts {fmt.Printf("SCRIPT %q %q\n",s.File,s.Code)}
 for _,s:=range r.Cuts {fmt.Printf("CUT %+v\n",s)}
}
