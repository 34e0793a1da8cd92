login-title = 登录 Countersign
session-left = 您已退出登录。
session-expired = 您的会话已到期。请重新登录。
session-ended = 您的会话已被结束：由您在别处，或由其他管理员。请重新登录。
key-tag = 您的密钥和手机显示：{ $tag }
