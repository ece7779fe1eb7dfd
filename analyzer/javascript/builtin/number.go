package builtin

import (
	"math"
	"math/big"
	"math/bits"
	"strconv"
	"strings"
)

var nan = math.NaN()

func numberOf(s string) float64 {
	s = strings.TrimFunc(s, Space)
	if s == "" {
		return 0
	}
	if len(s) > 2 && s[0] == '0' {
		base := map[byte]int{'x': 16, 'X': 16, 'o': 8, 'O': 8, 'b': 2, 'B': 2}[s[1]]
		if base > 0 {
			n, digits, exact := digitsOf(s[2:], base)
			if digits != len(s)-2 || !exact {
				return math.NaN()
			}
			return n
		}
	}
	n, length := decimal(s)
	if length != len(s) {
		return math.NaN()
	}
	return n
}

// digitsOf reads the digits that a text begins with; exact is false where the
// number is too large to be sure of.
func digitsOf(s string, base int) (n float64, digits int, exact bool) {
	for ; digits < len(s); digits++ {
		d, err := strconv.ParseUint(s[digits:digits+1], 36, 8)
		if err != nil || int(d) >= base {
			break
		}
		n = n*float64(base) + float64(d)
	}
	return n, digits, n < 1<<53
}

// decimal reads the decimal number that a text begins with.
func decimal(s string) (n float64, length int) {
	i := 0
	if i < len(s) && (s[i] == '+' || s[i] == '-') {
		i++
	}
	if strings.HasPrefix(s[i:], "Infinity") {
		n = math.Inf(1)
		if s[0] == '-' {
			n = math.Inf(-1)
		}
		return n, i + len("Infinity")
	}
	digit := func() (n int) {
		for i < len(s) && s[i] >= '0' && s[i] <= '9' {
			i, n = i+1, n+1
		}
		return n
	}
	digits := digit()
	if i < len(s) && s[i] == '.' {
		dot := i
		i++
		if after := digit(); after == 0 && digits == 0 {
			i = dot
		} else {
			digits += after
		}
	}
	if digits == 0 {
		return math.NaN(), 0
	}
	if i < len(s) && (s[i] == 'e' || s[i] == 'E') {
		before := i
		i++
		if i < len(s) && (s[i] == '+' || s[i] == '-') {
			i++
		}
		if digit() == 0 {
			i = before
		}
	}
	n, _ = strconv.ParseFloat(s[:i], 64) // out of range it is infinite, as in the language
	return n, i
}

// FormatNumber is a number as the language writes it.
func FormatNumber(f float64) string {
	switch {
	case math.IsNaN(f):
		return "NaN"
	case math.IsInf(f, 1):
		return "Infinity"
	case math.IsInf(f, -1):
		return "-Infinity"
	case f == 0:
		return "0"
	}
	if abs := math.Abs(f); abs >= 1e-6 && abs < 1e21 {
		return strconv.FormatFloat(f, 'f', -1, 64)
	}
	mantissa, exponent, _ := strings.Cut(strconv.FormatFloat(f, 'e', -1, 64), "e")
	return mantissa + "e" + exponent[:1] + strings.TrimLeft(exponent[1:], "0")
}

func parseInt(args []any) (any, bool) {
	s, ok1 := Text(Arg(args, 0))
	r, ok2 := Number(Arg(args, 1))
	if !ok1 || !ok2 {
		return nil, false
	}
	s = strings.TrimLeftFunc(s, Space)
	sign := 1.0
	if s != "" && (s[0] == '-' || s[0] == '+') {
		if s[0] == '-' {
			sign = -1
		}
		s = s[1:]
	}
	radix := int(int32(Uint32(r)))
	if (radix == 0 || radix == 16) && len(s) > 1 && s[0] == '0' && (s[1] == 'x' || s[1] == 'X') {
		s, radix = s[2:], 16
	}
	if radix == 0 {
		radix = 10
	}
	if radix < 2 || radix > 36 {
		return nan, true
	}
	n, digits, exact := digitsOf(s, radix)
	switch {
	case digits == 0:
		return nan, true
	case !exact && radix != 10:
		return nil, false
	case !exact:
		n, _ = strconv.ParseFloat(s[:digits], 64)
	}
	return sign * n, true
}

func parseFloat(args []any) (any, bool) {
	s, ok := Text(Arg(args, 0))
	n, _ := decimal(strings.TrimLeftFunc(s, Space))
	return numeric(n, ok)
}

// mathFunctions are those of Math whose results are the same everywhere.
var mathFunctions = map[string]bool{"floor": true, "ceil": true, "trunc": true, "round": true, "abs": true, "sqrt": true,
	"fround": true, "sign": true,
	"imul": true, "clz32": true, "pow": true, "min": true, "max": true}

// calculate is a function of Math whose result is the same everywhere.
func calculate(name string, args []any) (any, bool) {
	list := make([]float64, max(2, len(args)))
	for i := range list {
		var ok bool
		if list[i], ok = Number(Arg(args, i)); !ok {
			return nil, false
		}
	}
	x := list[0]
	switch name {
	case "floor":
		return math.Floor(x), true
	case "ceil":
		return math.Ceil(x), true
	case "trunc":
		return math.Trunc(x), true
	case "round":
		if f := math.Floor(x); x-f < 0.5 {
			return f, true
		} else if !math.IsInf(f, 0) {
			return f + 1, true
		}
		return x, true
	case "abs":
		return math.Abs(x), true
	case "sqrt":
		return math.Sqrt(x), true
	case "fround":
		return float64(float32(x)), true
	case "sign":
		switch {
		case x > 0:
			return 1.0, true
		case x < 0:
			return -1.0, true
		}
		return x, true
	case "imul":
		return float64(int32(Uint32(x) * Uint32(list[1]))), true
	case "clz32":
		return float64(bits.LeadingZeros32(Uint32(x))), true
	case "pow":
		return Power(x, list[1])
	case "min", "max":
		out := math.Inf(1)
		if name == "max" {
			out = math.Inf(-1)
		}
		for _, f := range list[:len(args)] {
			switch {
			case math.IsNaN(f) || math.IsNaN(out):
				out = math.NaN()
			case name == "min":
				out = min(out, f)
			default:
				out = max(out, f)
			}
		}
		return out, true
	}
	return nil, false
}

// Power is a number to the power of another, where that is a whole number that
// every machine agrees on.
func Power(x, y float64) (any, bool) {
	f := math.Pow(x, y)
	if x != math.Trunc(x) || y != math.Trunc(y) || y < 0 || math.IsInf(y, 0) || math.Abs(f) >= 1<<53 {
		return nil, false
	}
	return f, true
}

// NumberMethod is what a method of a number gives.
func NumberMethod(name string, n float64, args []any) (any, bool) {
	f, ok := integer(Arg(args, 0), 0)
	switch name {
	case "valueOf":
		return n, true
	case "toString":
		if Arg(args, 0) == nil || ok && f == 10 {
			return FormatNumber(n), true
		}
		if !ok || f < 2 || f > 36 || n != math.Trunc(n) || math.Abs(n) >= 1<<53 {
			return nil, false
		}
		return strconv.FormatInt(int64(n), int(f)), true
	case "toPrecision", "toExponential":
		return withDigits(name, n, args)
	case "toFixed":
		switch {
		case !ok || f < 0 || f > 100:
			return nil, false // it throws
		case math.IsNaN(n) || math.Abs(n) >= 1e21:
			return FormatNumber(n), true
		case n == 0:
			n = 0 // without its sign
			return strconv.FormatFloat(math.Abs(n), 'f', int(f), 64), true
		}
		scaled := new(big.Rat).SetFloat64(n)
		scaled.Mul(scaled, new(big.Rat).SetInt(new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(f)), nil)))
		if scaled.Denom().Cmp(big.NewInt(2)) == 0 {
			return nil, false // half way between two
		}
		return strconv.FormatFloat(n, 'f', int(f), 64), true
	}
	return nil, false
}

// withDigits is toPrecision and toExponential.
func withDigits(name string, n float64, args []any) (any, bool) {
	f, ok := integer(Arg(args, 0), 0)
	if !ok {
		return nil, false
	}
	none := Arg(args, 0) == nil
	if math.IsNaN(n) || math.IsInf(n, 0) || none && name == "toPrecision" {
		return FormatNumber(n), true
	}
	exact := new(big.Float).SetFloat64(n)
	if name == "toExponential" {
		digits := int(clampFloat(f, -1, 101))
		if digits < 0 || digits > 100 {
			return nil, false
		}
		if none {
			digits = -1
		}
		return exponent(strconv.FormatFloat(math.Abs(n), 'e', digits, 64), n), none || !halfway(exact, digits, 'e')
	}
	if f < 1 || f > 100 || n == 0 || halfway(exact, int(f)-1, 'e') {
		return nil, false
	}
	text := strconv.FormatFloat(math.Abs(n), 'e', int(f)-1, 64)
	_, e, _ := strings.Cut(text, "e")
	power, _ := strconv.Atoi(e)
	if power < -6 || power >= int(f) {
		return exponent(text, n), true
	}
	return sign(n) + strconv.FormatFloat(math.Abs(n), 'f', int(f)-1-power, 64), true
}

// halfway reports whether a number lies in the middle between two of so many digits:
// the language rounds it up, Go to the even one.
func halfway(n *big.Float, digits int, format byte) bool {
	long := n.Text(format, 1100)
	mantissa, _, _ := strings.Cut(long, "e")
	_, fraction, _ := strings.Cut(mantissa, ".")
	if len(fraction) <= digits {
		return false
	}
	rest := strings.TrimRight(fraction[digits:], "0")
	return rest == "5"
}

func sign(n float64) string {
	if n < 0 {
		return "-"
	}
	return ""
}

// exponent is Go's writing with an exponent as the language's: 1e-07 is 1e-7.
func exponent(text string, n float64) string {
	mantissa, e, _ := strings.Cut(text, "e")
	digits := strings.TrimLeft(e[1:], "0")
	if digits == "" {
		digits = "0"
	}
	return sign(n) + mantissa + "e" + e[:1] + digits
}

func clampFloat(f, low, high float64) float64 { return min(max(f, low), high) }

// Constant is a number that the language has a name for: Math.PI.
func Constant(name string) (float64, bool) {
	n, ok := constants[name]
	return n, ok
}

var constants = map[string]float64{
	"NaN": nan, "Infinity": math.Inf(1), "Math.PI": math.Pi, "Math.E": math.E, "Math.LN2": math.Ln2, "Math.LN10": math.Ln10,
	"Math.LOG2E":  math.Log2E,
	"Math.LOG10E": math.Log10E, "Math.SQRT2": math.Sqrt2, "Math.SQRT1_2": math.Sqrt2 / 2, "Number.MAX_SAFE_INTEGER": 1<<53 - 1,
	"Number.MIN_SAFE_INTEGER": -(1<<53 - 1), "Number.MAX_VALUE": math.MaxFloat64, "Number.MIN_VALUE": math.SmallestNonzeroFloat64,
	"Number.EPSILON": 1.0 / (1 << 52), "Number.NaN": nan, "Number.POSITIVE_INFINITY": math.Inf(1), "Number.NEGATIVE_INFINITY": math.Inf(-1),
}
