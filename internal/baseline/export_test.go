package baseline

// Seal puts the right checksum under text.
func Seal(text []byte) []byte {
	return append(text, checksumPrefix+checksum(text)+"\n"...)
}
