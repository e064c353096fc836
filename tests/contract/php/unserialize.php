<?php

/**
 * Reads texts from standard input, one line each: base64, a space, max_depth or -. Answers `false` where unserialize
 * fails, `{"is": …}` with the value, references written out, or `{"endless": true}` where that would not end.
 *
 * Usage: php unserialize.php
 */

declare(strict_types=1);

error_reporting(0);

const MOST = 2000;

function told(mixed $value, int &$left, int $level = 0): mixed
{
    if (--$left < 0 || $level > 100) {
        throw new OverflowException();
    }
    if (is_string($value)) {
        return ['s', base64_encode($value)];
    }
    if (is_float($value)) {
        return ['d', bin2hex(pack('E', $value))];
    }
    if (!is_array($value) && !is_object($value)) {
        return $value;
    }
    $items = [];
    foreach (is_object($value) ? (array) $value : $value as $key => $item) {
        if ($key === "__PHP_Incomplete_Class_Name") {
            continue; // here every class is known
        }
        $items[] = [is_int($key) && is_array($value) ? $key : base64_encode((string) $key), told($item, $left, $level + 1)];
    }

    return [is_object($value) ? 'o' : 'a', $items];
}

while (($line = fgets(STDIN)) !== false) {
    [$text, $depth] = explode(' ', trim($line));
    $text = base64_decode($text);
    $value = unserialize($text, $depth === '-' ? [] : ['max_depth' => (int) $depth]);
    if ($value === false && !str_starts_with($text, 'b:0;')) {
        echo "false\n";
        continue;
    }
    $left = MOST;
    try {
        echo json_encode(['is' => told($value, $left)], JSON_THROW_ON_ERROR), "\n";
    } catch (OverflowException) {
        echo "{\"endless\": true}\n";
    }
}
