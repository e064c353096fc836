<?php

/**
 * Answers calls for the tests: one JSON line in, one line out, until standard input ends.
 *
 * In:  {"f": name, "a": [argument, ...]}, an argument being {"s": base64} | {"f": 16 hexadecimal digits} | {"i": text}
 *      | {"a": [[key, value], ...]} | {"o": {…}} (object of public properties) | true | false | null
 * Out: base64 of serialize() of the result, or "!" and the name of what was thrown.
 */

function argument(mixed $form): mixed
{
    if (!is_array($form)) {
        return $form;
    }
    $value = reset($form);
    switch (key($form)) {
        case 's':
            return base64_decode($value);
        case 'f':
            return unpack('E', hex2bin($value))[1];
        case 'i':
            return (int) $value;
        case 'o':
            return (object) argument(['a' => $value]);
    }
    $array = [];
    foreach ($value as [$key, $item]) {
        $array[argument($key)] = argument($item);
    }

    return $array;
}

function call(string $name, array $arguments): mixed
{
    switch ($name) {
        case '(int)':
            return (int) $arguments[0];
        case '(float)':
            return (float) $arguments[0];
        case '(string)':
            return (string) $arguments[0];
        case '(bool)':
            return (bool) $arguments[0];
        case 'empty':
            return empty($arguments[0]);
        case '==':
            return $arguments[0] == $arguments[1];
        case 'json_decode':
            $value = json_decode(...$arguments);

            return ['value' => $value, 'error' => json_last_error()];
        case 'unserialize':
            error_clear_last();
            $value = @unserialize($arguments[0], ['allowed_classes' => ['stdClass']]);

            return ['readable' => error_get_last() === null, 'value' => $value];
        case 're-encode':
            return json_encode(json_decode($arguments[0], true));
        case 'signature':
            return base64_encode(hash_hmac('sha256', json_encode($arguments[1]), $arguments[0], true));
        case 'moment':
            $date = new DateTimeImmutable($arguments[0], new DateTimeZone($arguments[1]));

            return [
                'timestamp' => $date->getTimestamp(),
                'utc' => $date->setTimezone(new DateTimeZone('UTC'))->format('Y-m-d H:i:s'),
                'c' => $date->format('c'),
                'json' => json_encode($date),
                'serialized' => serialize($date),
            ];
        case 'date in':
            date_default_timezone_set($arguments[2]);

            return date($arguments[0], $arguments[1]);
    }

    return $name(...$arguments);
}

while (($line = fgets(STDIN)) !== false) {
    $request = json_decode($line, true, 600, JSON_THROW_ON_ERROR);
    try {
        echo base64_encode(serialize(call($request['f'], array_map('argument', $request['a'])))), "\n";
    } catch (Throwable $thrown) {
        echo '!', get_class($thrown), "\n";
    }
}
