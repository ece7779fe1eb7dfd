package decode

func init() { tolerant = false }
