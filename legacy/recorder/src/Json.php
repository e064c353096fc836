<?php

declare(strict_types=1);

namespace Strangler\Recorder;

/**
 * JSON as both systems compare it: floats with their shortest exact digits and a fraction, whatever php.ini says.
 */
final class Json
{
    private const FLAGS = JSON_PRESERVE_ZERO_FRACTION | JSON_UNESCAPED_SLASHES | JSON_UNESCAPED_UNICODE
        | JSON_THROW_ON_ERROR;

    /**
     * @param array<string, mixed> $document
     * @return string one line
     * @throws \JsonException if it holds what JSON cannot
     */
    public static function encode(array $document): string
    {
        $precision = ini_set('serialize_precision', '-1');
        try {
            return json_encode($document, self::FLAGS);
        } finally {
            ini_set('serialize_precision', (string) $precision);
        }
    }
}
