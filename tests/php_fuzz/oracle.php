<?php

/**
 * Calls functions: one JSON line in, one line out, until standard input ends.
 *
 * In:  {"f": name, "a": base64 of serialize() of the list of arguments, "tz": time zone}
 * Out: {"r": base64 of serialize() of the result} or {"x": class of what was thrown}
 */

ob_start(static fn (): string => ''); // var_export and others print

while (($line = fgets(STDIN)) !== false) {
    $request = json_decode($line, true, 8, JSON_THROW_ON_ERROR);
    date_default_timezone_set($request['tz']);
    try {
        $answer = ['r' => base64_encode(serialize(@$request['f'](...unserialize(base64_decode($request['a'])))))];
    } catch (Throwable $thrown) {
        $answer = ['x' => get_class($thrown)];
    }
    ob_clean();
    fwrite(STDOUT, json_encode($answer) . "\n");
}
