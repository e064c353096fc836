<?php

declare(strict_types=1);

namespace Monolith;

/**
 * Local times without offset, as Treezor writes them, to UTC as the tables want them.
 */
final class LocalTime
{
    /**
     * @param mixed $text "2024-10-27 02:30:00"; null, "" and "0000-00-00 …" mean "not known"
     * @return string|null UTC, Y-m-d H:i:s
     * @throws RejectedNotification if it is no date at all
     */
    public static function toUtc(mixed $text, string $zone = 'Europe/Paris'): ?string
    {
        if (empty($text) || str_starts_with((string) $text, '0000-00-00')) {
            return null;
        }
        try {
            $local = new \DateTimeImmutable((string) $text, new \DateTimeZone($zone));
        } catch (\Exception) {
            throw new RejectedNotification('a date cannot be read');
        }

        return $local->setTimezone(new \DateTimeZone('UTC'))->format('Y-m-d H:i:s');
    }
}
