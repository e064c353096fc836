<?php

declare(strict_types=1);

namespace Monolith;

/**
 * The message can never be processed: retrying would only repeat the failure.
 */
final class RejectedNotification extends \DomainException
{
}
