<?php

declare(strict_types=1);

namespace Monolith;

use PhpAmqpLib\Exception\AMQPExceptionInterface;

/**
 * Tells "never me" from "not now".
 */
final class Failure
{
    /** @return bool true if the same message would fail in the same way again */
    public static function isFinal(\Throwable $thrown): bool
    {
        if ($thrown instanceof \PDOException) {
            // Class 23 is a violated constraint. All else (busy, disk full, no such table) is the database's trouble.
            return str_starts_with((string) $thrown->getCode(), '23');
        }
        if ($thrown instanceof AMQPExceptionInterface) {
            return false;
        }

        return $thrown instanceof RejectedNotification
            || $thrown instanceof \Error
            || $thrown instanceof \ErrorException
            || $thrown instanceof \LogicException;
    }
}
