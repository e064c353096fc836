"""UTF-8 as PHP's own decoders see it (php_next_utf8_char, the JSON encoder's): patterns of bytes, to be embedded."""

UTF_8 = (
    rb"[\xc2-\xdf][\x80-\xbf]|\xe0[\xa0-\xbf][\x80-\xbf]|[\xe1-\xec\xee\xef][\x80-\xbf]{2}|\xed[\x80-\x9f][\x80-\xbf]"
    rb"|\xf0[\x90-\xbf][\x80-\xbf]{2}|[\xf1-\xf3][\x80-\xbf]{3}|\xf4[\x80-\x8f][\x80-\xbf]{2}"
)
"""A character of more than one byte."""
BROKEN_UTF_8 = rb"[\xc2-\xdf]%b?|[\xe0-\xef]%b{0,2}|[\xf0-\xf4]%b{0,3}|[\x80-\xff]" % ((rb"[\x80-\xc1\xf5-\xff]",) * 3)
"""Where there is no such character: as many bytes as PHP takes for one that is broken."""
